//! Two things a well-behaved server cannot do: reset a connection and truncate a body.
//!
//! Everything else about connections is hyper's.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// Set by a handler to have the connection reset; read when it closes.
pub(crate) type ResetFlag = Arc<AtomicBool>;

/// A connection that closes with a reset if its flag is set.
pub(crate) struct Connection {
    inner: TokioIo<TcpStream>,
    reset: ResetFlag,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, reset: ResetFlag) -> Self {
        Self {
            inner: TokioIo::new(stream),
            reset,
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.reset.load(Ordering::Relaxed) {
            // With a zero linger, closing sends a reset. If that fails, it closes normally.
            let _ = self.inner.inner().set_zero_linger();
        }
    }
}

impl Read for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl Write for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The client would see an orderly shutdown before the reset.
        if self.reset.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// A body that is sent completely or truncated before its announced length.
pub(crate) struct ResponseBody {
    bytes: Option<Bytes>,
    announced: u64,
    /// If truncated, whether it has already yielded once, so that the bytes are flushed before the
    /// error.
    broken: Option<bool>,
}

impl ResponseBody {
    pub(crate) fn complete(bytes: Vec<u8>) -> Self {
        Self {
            announced: bytes.len() as u64,
            bytes: Some(bytes.into()),
            broken: None,
        }
    }

    /// Announces all of `bytes` but sends only the first `kept`.
    pub(crate) fn truncated(bytes: Vec<u8>, kept: usize) -> Self {
        let mut body = Self::complete(bytes);
        if let Some(bytes) = &mut body.bytes {
            bytes.truncate(kept);
        }
        // An empty body must be truncated, too.
        body.announced = body.announced.max(1);
        body.broken = Some(false);
        body
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take()
            && !bytes.is_empty()
        {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.broken {
            None => Poll::Ready(None),
            Some(false) => {
                self.broken = Some(true);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(true) => Poll::Ready(Some(Err(io::Error::other("truncated by a fault")))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.broken.is_none() && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        let left = match (self.broken, &self.bytes) {
            (Some(_), _) => self.announced,
            (None, Some(bytes)) => bytes.len() as u64,
            (None, None) => 0,
        };
        SizeHint::with_exact(left)
    }
}
