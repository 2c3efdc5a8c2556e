"""`pingone-get-user` in Python, for comparison: the same calls as the published integration.

The server's helpers import what it uses. As in that integration, each command requests a token over a separate
connection, and then the user.
"""

COLUMNS = ("ID", "Username", "DisplayName", "Email", "Enabled", "CreatedAt", "UpdatedAt")


def call(session_method, url, **more):
    session = requests.Session()
    session.mount("https://", HTTPAdapter(max_retries=Retry(total=0)))
    answer = session.request(session_method, url, timeout=60, **more)
    answer.raise_for_status()
    session.close()
    return answer.json()


def get_user():
    params = demisto.params()
    environment, credentials = params["environment_id"], params["credentials"]
    token = call(
        "POST",
        "%s/%s/as/token" % (params["auth_url"], environment),
        data={"grant_type": "client_credentials"},
        auth=(credentials["identifier"], credentials["password"]),
    )["access_token"]
    found = call(
        "GET",
        "%s/v1/environments/%s/users" % (params["api_url"], environment),
        params={"filter": 'username eq "%s"' % demisto.args()["username"]},
        headers={"Authorization": "Bearer " + token},
    )
    user = found["_embedded"]["users"][0]
    account = {
        "ID": user["id"],
        "Username": user["username"],
        "DisplayName": user.get("name", {}).get("formatted"),
        "Email": user.get("email"),
        "Enabled": user["enabled"],
        "CreatedAt": user["createdAt"],
        "UpdatedAt": user["updatedAt"],
    }
    table = "### User:%s\n|%s|\n|%s|\n" % (user["username"], "|".join(COLUMNS), "|".join("---" for _ in COLUMNS))
    table += "| %s |\n" % " | ".join(str(account[name]) for name in COLUMNS)
    demisto.results(
        {
            "Type": 1,
            "ContentsFormat": "json",
            "Contents": user,
            "HumanReadable": table,
            "EntryContext": {"PingOne.Account(val.ID && val.ID === obj.ID)": [account]},
        }
    )


demisto.debug("Command being called is " + demisto.command())
get_user()
