"""PingOne's two hosts on loopback: TLS in front of the sandbox, with a configurable delay. Runs as a separate process.

Usage: network.py CERTIFICATE UPSTREAM_PORT ROUND_TRIP_MILLISECONDS
Prints the ports of the API's and the authorization server's host, then serves until its input ends.

A round trip is waited for before a connection's first bytes are taken, as for the SYN; then everything travels for
half a round trip in each direction.
"""

import asyncio
import os
import socket
import ssl
import sys


async def carry(reader, writer, delay):
    """Copies bytes from one side to the other, each after `delay`, without blocking later ones."""
    loop, last = asyncio.get_running_loop(), asyncio.Event()

    def arrive(chunk):
        if chunk:
            writer.write(chunk)
        else:
            writer.close()
            last.set()

    try:
        while not last.is_set():
            chunk = await reader.read(65536)
            if delay:
                loop.call_later(delay, arrive, chunk)
            else:
                arrive(chunk)
            if not chunk:
                await last.wait()
    except OSError:
        writer.close()


def forward(port, round_trip):
    async def serve(reader, writer):
        for_client = writer.get_extra_info("socket")
        for_client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if round_trip:
            await asyncio.sleep(round_trip)
        onward_reader, onward_writer = await asyncio.open_connection("127.0.0.1", port)
        onward_writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(carry(reader, onward_writer, round_trip / 2), carry(onward_reader, writer, round_trip / 2))

    return serve


async def main(certificate, upstream, round_trip):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    ports = []
    for _ in ("api", "auth"):
        server = await asyncio.start_server(forward(upstream, 0), "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        if round_trip:
            far = await asyncio.start_server(forward(port, round_trip), "127.0.0.1", 0)
            port = far.sockets[0].getsockname()[1]
        ports.append(port)
    print(*ports, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    os._exit(0)  # whoever is still connected need not be told


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) / 1000))
