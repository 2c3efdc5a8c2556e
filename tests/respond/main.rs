//! The Respond commands against the sandbox, end to end over real HTTP: that what they say they did is what
//! PingOne then holds, and that nothing else was touched. Texts and single calls are the business of the recorded
//! cases; how a real tenant behaves is not shown here.

use std::{io::Cursor, time::Duration};

use pingone_sandbox::{
    Alternative, Call, Fault, Sandbox, Seed,
    seed::users::{PushAnswer, PushResponse},
};
use pingone_xsoar::{
    commands::{self, Access},
    env::Env,
    run::Runner,
    server::{Input, Server},
    session, stdin,
};
use serde_json::{Value, json};

const EMMA: &str = "a8890eb9-38ea-469a-bc00-b64be7903633";
const POPULATION: &str = "4cd45bdb-0eb2-42fe-8475-4bcd908269f1";
/// The device that stands in the built-in company since 35 minutes, and the one that emma had before.
const NEW_DEVICE: &str = "66c529e8-1cb3-4ef8-80cd-199f895b7002";
const OLD_DEVICE: &str = "66c529e8-1cb3-4ef8-80cd-199f895b7001";

/// A company, and an instance that manages it.
struct Company {
    sandbox: Sandbox,
    params: Value,
}

impl Company {
    fn new() -> Self {
        Self::with(Seed::built_in(), &json!({}))
    }

    /// With these instance parameters beside the usual ones.
    fn with(seed: Seed, more: &Value) -> Self {
        let sandbox = Sandbox::start(seed).expect("the sandbox starts");
        let mut params = sandbox.params();
        for (name, value) in more.as_object().expect("parameters") {
            params[name] = value.clone();
        }
        Self { sandbox, params }
    }

    /// The entries that the command gives.
    fn run(&self, command: &str, args: &Value) -> Vec<Value> {
        self.run_with(&mut Runner::live(Env::default()), command, args)
    }

    /// The same in a process that goes on.
    fn run_with(&self, runner: &mut Runner, command: &str, args: &Value) -> Vec<Value> {
        let request = json!({"command": command, "params": self.params, "args": args});
        Self::answer(runner, &request)
    }

    /// The entries that answer a request of the server's.
    fn answer(runner: &mut Runner, request: &Value) -> Vec<Value> {
        let mut server = Server::new(
            Input::Silent(stdin::requests(Cursor::new(request.to_string()))),
            Vec::new(),
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime
            .block_on(session::serve(&mut server, runner))
            .expect("writing to memory");
        let output = String::from_utf8(server.into_output()).expect("UTF-8");
        output
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("a message"))
            .flat_map(|message| message["results"].as_array().cloned().unwrap_or_default())
            .collect()
    }

    /// What the command puts into the context, after it went well.
    fn context(&self, command: &str, args: &Value) -> Value {
        let entries = self.run(command, args);
        let [entry] = &entries[..] else {
            panic!("{command} failed: {entries:#?}")
        };
        assert_eq!(entry["Type"], 1, "{command} failed: {entry:#}");
        let context = entry["EntryContext"].as_object().expect("a context");
        context.values().next().cloned().unwrap_or_default()
    }

    fn user(&self, name: &str) -> Value {
        self.sandbox.user(name).expect("a user of the company")
    }

    /// What a containment may change and a restoration can undo.
    fn standing(&self, name: &str) -> Value {
        let user = self.user(name);
        let mut groups: Vec<&str> = user["sandbox"]["memberships"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|membership| membership["name"].as_str())
            .collect();
        groups.sort_unstable();
        json!({"enabled": user["enabled"], "status": user["account"]["status"], "groups": groups})
    }

    /// The calls that would have changed something, whether they succeeded or not.
    fn changes(&self) -> Vec<Call> {
        let mut calls = self.sandbox.calls();
        calls.retain(|call| call.method != "GET" && !call.path.ends_with("/as/token"));
        calls
    }
}

fn described(calls: &[Call]) -> Vec<String> {
    calls
        .iter()
        .map(|call| format!("{} {} {}", call.method, call.path, call.status))
        .collect()
}

#[test]
fn a_containment_blocks_devices_and_a_restoration_unblocks_them() {
    let company = Company::new();
    let username = "mia.mobile";
    let blocks = || -> Vec<Value> {
        let devices = company.context("pingone-list-mfa-devices", &json!({"username": username}));
        let devices = devices.as_array().into_iter().flatten();
        devices
            .map(|device| device["BlockStatus"].clone())
            .collect()
    };
    let before = blocks();
    assert!(!before.is_empty() && before.iter().all(|block| block == "UNBLOCKED"));
    let contained = company.context(
        "pingone-contain-user",
        &json!({"username": username, "steps": "blockDevices"}),
    );
    assert!(blocks().iter().all(|block| block == "BLOCKED"));
    let record = contained[0].to_string();
    company.context(
        "pingone-restore-user",
        &json!({"username": username, "record": record}),
    );
    assert_eq!(blocks(), before);
}

#[test]
fn a_containment_can_be_restored() {
    let company = Company::new();
    let before = company.standing("emma.sharp");
    assert_eq!(
        before,
        json!({"enabled": true, "status": "OK", "groups": ["Marketing", "Standard"]})
    );
    let contained = company.context(
        "pingone-contain-user",
        &json!({"username": "emma.sharp", "steps": "lock,disable,endSessions,setPassword,removeDevices,leaveGroups",
                "since": "1 hour ago"}),
    );
    assert_eq!(
        company.standing("emma.sharp"),
        json!({"enabled": false, "status": "LOCKED", "groups": []})
    );
    let emma = company.user("emma.sharp");
    assert_eq!(emma["sandbox"]["sessions"], json!([]));
    assert_eq!(emma["sandbox"]["devices"], json!([OLD_DEVICE]));
    assert_eq!(
        contained[0]["Record"]["DeletedDevices"],
        json!([NEW_DEVICE])
    );

    let restored = company.context(
        "pingone-restore-user",
        &json!({"username": "emma.sharp", "record": contained}),
    );
    assert_eq!(company.standing("emma.sharp"), before);
    let outcomes: Vec<(&str, &str)> = restored[0]["Steps"]
        .as_array()
        .expect("steps")
        .iter()
        .map(|step| {
            let text = |name: &str| step[name].as_str().expect("a text");
            (text("Step"), text("Outcome"))
        })
        .collect();
    assert_eq!(
        outcomes,
        [
            ("enable", "done"),
            ("unlock", "done"),
            ("joinGroups", "done"),
            ("setPassword", "cannot be undone"),
            ("removeDevices", "cannot be undone"),
            ("endSessions", "cannot be undone"),
        ]
    );
}

#[test]
fn the_command_that_the_entry_shows_restores_without_the_context() {
    let company = Company::new();
    let before = company.standing("emma.sharp");
    let args = json!({"username": "emma.sharp", "steps": "lock,disable,leaveGroups"});
    let entries = company.run("pingone-contain-user", &args);
    let text = entries[0]["HumanReadable"].as_str().unwrap_or_default();
    let shown = "!pingone-restore-user username=emma.sharp record=`";
    let record = text
        .split_once(shown)
        .and_then(|(_, rest)| rest.split_once('`'));
    let (record, _) = record.unwrap_or_else(|| panic!("no command in {text}"));
    let contents = &entries[0]["Contents"];
    for record in [&json!(record), contents, &json!(contents.to_string())] {
        company.run("pingone-contain-user", &args);
        let args = json!({"username": "emma.sharp", "record": record});
        company.context("pingone-restore-user", &args);
        assert_eq!(company.standing("emma.sharp"), before, "{record}");
    }
}

#[test]
fn a_second_containment_does_not_hide_what_the_first_changed() {
    let company = Company::new();
    let before = company.standing("emma.sharp");
    let args = json!({"username": "emma.sharp", "steps": "disable,leaveGroups"});
    let mut records = Vec::new();
    for _ in 0..2 {
        let context = company.context("pingone-contain-user", &args);
        records.extend(context.as_array().expect("a list").clone());
    }
    assert_eq!(
        (
            &records[0]["Record"]["Disabled"],
            &records[1]["Record"]["Disabled"]
        ),
        (&json!(true), &json!(false))
    );
    company.context(
        "pingone-restore-user",
        &json!({"userId": EMMA, "record": records}),
    );
    assert_eq!(company.standing("emma.sharp"), before);
}

#[test]
fn the_random_password_takes_the_place_of_the_old_one() {
    let company = Company::new();
    company.context(
        "pingone-contain-user",
        &json!({"username": "carl.contract", "steps": "setPassword"}),
    );
    // Before it, the owner had to change it.
    assert_eq!(
        company.user("carl.contract")["sandbox"]["passwordStatus"],
        "OK"
    );
    let changes = company.changes();
    let [change] = &changes[..] else {
        panic!("{:?}", described(&changes))
    };
    assert_eq!(
        change.body,
        Some(json!({"value": "***", "forceChange": false, "bypassPolicy": true}))
    );
    for (user, why) in [("sam.saml", "EXTERNAL"), ("noah.nopassword", "NO_PASSWORD")] {
        assert_eq!(
            company.user(user)["sandbox"]["passwordStatus"],
            why,
            "{user}"
        );
        let contained = company.context(
            "pingone-contain-user",
            &json!({"username": user, "steps": "setPassword,forceChange"}),
        );
        for step in contained[0]["Steps"].as_array().expect("steps") {
            assert_eq!(step["Outcome"], "not applicable", "{user}: {step}");
        }
    }
    assert_eq!(company.changes().len(), 1, "only that of carl.contract");
}

#[test]
fn more_sessions_than_one_list_shows_are_ended() {
    let mut seed = Seed::built_in();
    let sessions = &mut seed.users[0].sessions;
    for _ in 0..12 {
        let mut session = sessions[0].clone();
        session.id = None;
        sessions.push(session);
    }
    let company = Company::with(seed, &json!({}));
    let ended = company.context("pingone-clear-user-sessions", &json!({"userId": EMMA}));
    assert_eq!(ended[0]["Ended"], 14);
    assert_eq!(
        company.user("emma.sharp")["sandbox"]["sessions"],
        json!([]),
        "all of them"
    );
}

#[test]
fn a_delete_whose_answer_was_lost_counts_as_done() {
    let company = Company::new();
    company.sandbox.fault(
        Fault::on("DELETE", &format!("*/devices/{NEW_DEVICE}"))
            .applied()
            .status(503),
    );
    company.sandbox.fault(
        Fault::on("DELETE", "*/memberOfGroups/*")
            .applied()
            .status(503),
    );
    let contained = company.context(
        "pingone-contain-user",
        &json!({"username": "emma.sharp", "steps": "removeDevices,leaveGroups", "keepDeviceIds": OLD_DEVICE}),
    );
    assert_eq!(
        contained[0]["Record"]["DeletedDevices"],
        json!([NEW_DEVICE])
    );
    let left = contained[0]["Record"]["LeftGroups"].as_array();
    assert_eq!(left.map(Vec::len), Some(2), "{contained:#}");
}

/// The names of everybody in the company.
fn everybody(company: &Company) -> Vec<String> {
    let state = company.sandbox.state();
    let users = state["users"].as_array().expect("users").iter();
    users
        .filter_map(|user| user["username"].as_str().map(str::to_owned))
        .collect()
}

#[test]
fn protected_users_are_not_touched_and_the_others_are() {
    let protections = json!({"protected_users": "RICHARD.smith", "protected_groups": "all staff"});
    let company = Company::with(Seed::built_in(), &protections);
    let entries = company.run(
        "pingone-contain-user",
        &json!({"username": everybody(&company), "steps": "disable,endSessions,removeDevices"}),
    );
    assert_eq!(
        entries.len(),
        2,
        "the failures of the protected ones follow"
    );
    // Nora and Petra are in Sales, which is nested in All Staff.
    let protected = ["richard.smith", "nora.lind", "petra.lockout"];
    let table = entries[0]["HumanReadable"].as_str().unwrap_or_default();
    let error = entries[1]["Contents"].as_str().unwrap_or_default();
    assert!(
        !error.contains("is protected"),
        "the table says that: {error}"
    );
    for name in protected {
        let rows = table
            .lines()
            .filter(|line| line.starts_with(&format!("| {name} |")));
        let rows: Vec<&str> = rows.collect();
        let [row] = &rows[..] else {
            panic!("{name} should have a single row: {table}")
        };
        let says = format!("| All steps | Failed | The user {name} is protected (");
        assert!(row.contains(&says), "{row}");
        assert!(error.contains(name), "{error}");
    }
    for name in protected {
        let user = company.user(name);
        assert_eq!(user["enabled"], true, "{name}");
        let id = user["id"].as_str().expect("an id");
        let touched: Vec<Call> = company
            .changes()
            .into_iter()
            .filter(|call| call.path.contains(id))
            .collect();
        assert!(touched.is_empty(), "{name}: {:?}", described(&touched));
    }
    for name in everybody(&company) {
        if !protected.contains(&name.as_str()) {
            assert_eq!(company.user(&name)["enabled"], false, "{name}");
        }
    }
}

#[test]
fn nobody_joins_a_protected_group_by_one_that_is_nested_in_it() {
    let company = Company::with(Seed::built_in(), &json!({"protected_groups": "all staff"}));
    let entries = company.run(
        "pingone-add-to-group",
        &json!({"username": "emma.sharp", "groupName": "Sales"}),
    );
    let text = entries[0]["Contents"].as_str().unwrap_or_default();
    assert!(text.contains("is nested in All Staff ("), "{text}");
    assert_eq!(described(&company.changes()), [""; 0]);
}

#[test]
fn an_id_with_a_secret_in_it_is_still_an_id() {
    let mut company = Company::new();
    // What a credential store puts beside the password is masked as well.
    company.params["credentials"]["credentials"] = json!({"sshkey": &NEW_DEVICE[..8]});
    let change = company.context("pingone-reset-mfa", &json!({"userId": EMMA}));
    assert_eq!(change[0]["Changed"], true, "{change:#}");
    let deleted = change[0]["Deleted"].to_string();
    assert!(deleted.contains(NEW_DEVICE), "{deleted}");
}

/// What breaks the look-ups that protect emma.
fn broken_look_ups() -> Vec<(&'static str, Vec<Fault>)> {
    let user = format!("*/users/{EMMA}");
    let groups = format!("{user}/memberOfGroups");
    let nameless =
        json!({"_embedded": {"groupMemberships": [{"id": POPULATION, "type": "DIRECT"}]}});
    let on = |path: &str| Fault::on("GET", path).times(0);
    vec![
        ("the user is not found", vec![on(&user).status(404)]),
        (
            "the user has no username",
            vec![on(&user).body(&json!({"id": EMMA}).to_string())],
        ),
        ("the groups are not found", vec![on(&groups).status(404)]),
        (
            "the second page of the groups is not found",
            vec![
                on(&groups).body(
                    &json!({"_embedded": {"groupMemberships": []}, "_links": {"next": {"href": "memberOfGroups/2"}}})
                        .to_string(),
                ),
                on(&format!("{groups}/2")).status(404),
            ],
        ),
        (
            "a group has no name",
            vec![on(&groups).body(&nameless.to_string()), on("*/groups/*").status(404)],
        ),
    ]
}

#[test]
fn protection_fails_closed_for_every_command() {
    let protections = json!({"protected_users": "admin", "protected_groups": "All Staff"});
    let record =
        json!({"ID": EMMA, "Record": {"Disabled": true, "Locked": true, "LeftGroups": []}});
    let args = json!({
        "username": "emma.sharp", "password": "Violet-Bridge-23!", "groupName": "Managers", "title": "Analyst",
        "deviceId": OLD_DEVICE, "enabled": "false", "record": [record], "steps": "disable,endSessions,removeDevices",
    });
    // A new user has no names to look up; the others change nothing of emma as she is.
    let without = ["pingone-create-user", "pingone-unlock-password"];
    let changing = commands::NAMES
        .iter()
        .filter(|name| commands::access(name) == Some(Access::Change) && !without.contains(name));
    let mut sent_without_faults = 0;
    for command in changing {
        let company = Company::with(Seed::built_in(), &protections);
        company.run(command, &args);
        sent_without_faults += usize::from(!company.changes().is_empty());
        for (what, faults) in broken_look_ups() {
            let company = Company::with(Seed::built_in(), &protections);
            for fault in faults {
                company.sandbox.fault(fault);
            }
            company.run(command, &args);
            let sent = described(&company.changes());
            assert_eq!(sent, Vec::<String>::new(), "{command}, though {what}");
        }
    }
    assert!(
        sent_without_faults > 12,
        "only {sent_without_faults} commands change anything at all"
    );
}

#[test]
fn users_whose_change_matches_a_protected_groups_filter_are_reported() {
    let company = Company::with(Seed::built_in(), &json!({"protected_groups": "managers"}));
    let update = |title: &str| {
        let args = json!({"username": "emma.sharp", "title": title});
        company.run("pingone-update-user", &args)
    };
    assert_eq!(update("Analyst").len(), 1, "no group is joined by that");
    let entries = update("Head of Sales");
    let [done, error] = &entries[..] else {
        panic!("{entries:#?}")
    };
    assert_eq!(done["Type"], 1, "the change itself is told");
    let text = error["Contents"].as_str().unwrap_or_default();
    assert!(
        text.contains("was updated (title) and is now a member of Managers ("),
        "{text}"
    );
    assert_eq!(company.user("emma.sharp")["title"], "Head of Sales");
    let refused = update("Analyst");
    let text = refused[0]["Contents"].as_str().unwrap_or_default();
    assert!(text.contains("is protected"), "{text}");
}

#[test]
fn a_read_only_instance_sends_no_change_whatever_the_command() {
    let mut company = Company::new();
    let [code, push] = [
        json!({"username": "emma.sharp", "deviceId": OLD_DEVICE}),
        json!({"username": MIA}),
    ]
    .map(|args| company.verification("pingone-verify-push", &args).0["ID"].clone());
    company.params["read_only"] = json!(true);
    company.sandbox.clear_calls();
    let record = json!({"ID": EMMA, "Record": {"Disabled": true, "Locked": true, "LeftGroups": [POPULATION]}});
    let of_application = json!({"ID": "7f0ad1f8-5e3a-4a58-9d2c-6b1f4d0f1a06", "Record": {"RemovedRoles": [{
        "RoleID": POPULATION, "Scope": "POPULATION", "ScopeID": POPULATION,
    }]}});
    // What a command does not know it ignores.
    let mut args = json!({
        "username": "emma.sharp", "password": "Violet-Bridge-23!", "groupName": "Sales", "populationId": POPULATION,
        "title": "Analyst", "deviceId": NEW_DEVICE, "enabled": "false", "record": [record, of_application], "otp": "123456",
        "application": "Payroll sync", "role": "Environment Admin", "verdict": "FRAUD", "since": "1 hour ago",
        "linkedAccountId": "dfbf0598-97e7-471f-a721-6852d3ab4201",
    });
    let changing: Vec<&&str> = commands::NAMES
        .iter()
        .filter(|name| commands::access(name).is_some_and(|access| !access.is_read()))
        .collect();
    assert!(changing.len() > 15, "{changing:?}");
    for command in changing {
        let unlinks = *command == "pingone-unlink-account";
        args["username"] = if unlinks { "pavel.push" } else { "emma.sharp" }.into();
        let is_cancel = *command == "pingone-cancel-verification";
        args["verificationId"] = if is_cancel { &push } else { &code }.clone();
        args["steps"] = if command.contains("application") {
            "removeRoles,disable,rotateSecret"
        } else {
            "lock,disable,endSessions,setPassword,forceChange,removeDevices,leaveGroups"
        }
        .into();
        let entries = if *command == "pingone-remove-role-assignment" {
            // It takes one holder only.
            company.run(
                command,
                &json!({"username": "rory.rogue", "role": "Environment Admin"}),
            )
        } else {
            company.run(command, &args)
        };
        let told = entries
            .iter()
            .any(|entry| entry["Contents"].to_string().contains("read-only"));
        // Emma's password and device are neither locked nor blocked, and she has no bypass: there is nothing to refuse.
        let has_nothing_to_do = [
            "pingone-unlock-password",
            "pingone-unblock-mfa-device",
            "pingone-unlock-mfa-device",
            "pingone-end-mfa-bypass",
        ];
        assert!(
            told || has_nothing_to_do.contains(command),
            "{command}: {entries:#?}"
        );
    }
    assert_eq!(described(&company.changes()), Vec::<String>::new());
}

#[test]
fn a_restoration_by_the_second_record_says_what_still_keeps_the_user_out() {
    let company = Company::new();
    let args = json!({"username": "emma.sharp", "steps": "lock,disable,leaveGroups"});
    let first = company.context("pingone-contain-user", &args);
    let second = company.context("pingone-contain-user", &args);
    let restore = |record: &Value| {
        let args = json!({"username": "emma.sharp", "record": record});
        company.run("pingone-restore-user", &args)
    };
    let entries = restore(&second);
    assert_eq!(
        company.standing("emma.sharp"),
        json!({"enabled": false, "status": "LOCKED", "groups": []})
    );
    let text = entries[0]["HumanReadable"].as_str().unwrap_or_default();
    for told in [
        "**emma.sharp still cannot sign on (see Sign-on below).**",
        "The user is still disabled, but not because of this containment. To enable it: !pingone-activate-user username=emma.sharp",
        "The account is still locked, but not because of this containment. To unlock it: !pingone-unlock-user username=emma.sharp",
    ] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let text = restore(&first)[0]["HumanReadable"].to_string();
    assert!(!text.contains("sign on"), "{text}");
    assert_eq!(
        company.standing("emma.sharp"),
        json!({"enabled": true, "status": "OK", "groups": ["Marketing", "Standard"]})
    );
}

#[test]
fn the_record_of_a_dry_run_undoes_nothing() {
    let company = Company::new();
    let args = json!({"username": "emma.sharp", "dryRun": "true"});
    let planned = company.context("pingone-contain-user", &args);
    assert_eq!(planned[0]["DryRun"], true);
    company.run("pingone-contain-user", &json!({"username": "emma.sharp"}));
    let args = json!({"username": "emma.sharp", "record": planned});
    let entries = company.run("pingone-restore-user", &args);
    let text = entries[1]["Contents"].as_str().unwrap_or_default();
    assert!(text.contains("is of a dry run"), "{text}");
    assert_eq!(company.user("emma.sharp")["enabled"], false);
}

#[test]
fn a_dynamic_group_is_reported_and_not_joined() {
    let mut seed = Seed::built_in();
    seed.groups.push(
        serde_json::from_value(json!({"name": "Sharps", "userFilter": "name.family eq \"Sharp\""}))
            .expect("a group"),
    );
    let company = Company::with(seed, &json!({}));
    let args = json!({"username": "emma.sharp", "steps": "leaveGroups"});
    let dry = json!({"username": "emma.sharp", "steps": "leaveGroups", "dryRun": "true"});
    for (args, outcome, member) in [(&dry, "planned", "Summary"), (&args, "done", "Detail")] {
        let contained = company.context("pingone-contain-user", args);
        let step = &contained[0]["Steps"][0];
        assert_eq!(step["Outcome"], outcome, "{step}");
        let text = step[member].as_str().unwrap_or_default();
        assert!(
            text.contains(
                "remains in dynamic groups, whose filters decide who is a member: Sharps"
            ),
            "{text}"
        );
    }
    assert!(company.changes().iter().all(|call| call.status == 204));
    assert_eq!(company.standing("emma.sharp")["groups"], json!(["Sharps"]));
}

#[test]
fn a_dry_run_sends_nothing_and_tells_each_user_its_own_calls() {
    let company = Company::new();
    // The users' steps come in turns, so that one could be told another's calls.
    company.sandbox.fault(
        Fault::on("GET", "*")
            .times(0)
            .delay(Duration::from_millis(3)),
    );
    let args = json!({"username": everybody(&company), "dryRun": "true",
                      "steps": "disable,endSessions,setPassword,removeDevices,leaveGroups"});
    let contained = company.context("pingone-contain-user", &args);
    assert_eq!(described(&company.changes()), Vec::<String>::new());
    let planned = |user: &Value| -> Vec<String> {
        let steps = user["Steps"].as_array().expect("steps");
        steps
            .iter()
            .filter(|step| step["Outcome"] == "planned")
            .filter_map(|step| step["Detail"].as_str())
            .flat_map(str::lines)
            // After its calls, a step says what it would leave alone.
            .filter(|line| !line.starts_with("stays in dynamic groups"))
            .map(str::to_owned)
            .collect()
    };
    let mut seen = 0;
    for user in contained.as_array().expect("a list") {
        let id = user["ID"].as_str().expect("an id");
        for call in planned(user) {
            assert!(call.contains(id), "{}: {call}", user["User"]);
            seen += 1;
        }
    }
    // Emma alone: disable, two sessions, password, two devices, two groups.
    assert!(seen > 8, "{seen} calls: {contained:#}");
    company.sandbox.clear_faults();
    let emma = company.context(
        "pingone-contain-user",
        &json!({"username": "emma.sharp", "dryRun": "true", "steps": args["steps"]}),
    );
    assert_eq!(planned(&emma[0]).len(), 8, "{emma:#}");
}

#[test]
fn each_call_names_the_incident_and_the_instance() {
    let company = Company::new();
    let ids = |context: &Value, hide: Value| {
        let mut params = company.params.clone();
        params["hide_incident_id"] = hide;
        let args = json!({"username": "emma.sharp"});
        let request = json!({"command": "pingone-password-force-change", "params": params, "args": args, "context": context});
        company.sandbox.clear_calls();
        let entries = Company::answer(&mut Runner::live(Env::default()), &request);
        assert_eq!(entries[0]["Type"], 1, "{entries:#?}");
        let calls = company.sandbox.calls();
        let (token, others) = calls.split_first().expect("a call");
        assert!(token.path.ends_with("/as/token"));
        assert_eq!(
            (&token.external_transaction_id, &token.external_session_id),
            (&None, &None)
        );
        let ids = |call: &Call| {
            (
                call.external_transaction_id.clone(),
                call.external_session_id.clone(),
            )
        };
        assert!(others.iter().any(|call| call.method == "POST"));
        assert!(others.iter().all(|call| ids(call) == ids(&others[0])));
        ids(&others[0])
    };
    let some = |id: &str| Some(id.to_owned());
    // As the server sends it to a script, with much that is not needed.
    let context = json!({
        "Inv": {"id": "4711", "name": "Suspicious sign-on", "entries": [{"id": "1@4711"}]},
        "Incidents": [{"id": "4711"}], "IntegrationInstance": "PingOne prod",
    });
    assert_eq!(
        ids(&context, json!(false)),
        (some("4711"), some("PingOne_prod"))
    );
    assert_eq!(
        ids(&context, Value::Null),
        (some("4711"), some("PingOne_prod"))
    );
    assert_eq!(ids(&context, json!("true")), (None, None));
    let hostile = json!({"Inv": {"id": "1\r\nHost: evil\u{0}é"}, "IntegrationInstance": 7});
    assert_eq!(
        ids(&hostile, json!("")),
        (some("1__Host:_evil__"), some("7"))
    );
    for none in [
        json!({}),
        json!({"Inv": null}),
        json!({"Inv": {}}),
        json!({"Inv": {"id": {}}}),
    ] {
        assert_eq!(ids(&none, json!(false)), (None, None), "{none}");
    }
}

#[test]
fn the_audit_trail_in_parts_is_the_whole_of_it() {
    let company = Company::new();
    for enabled in [
        "true", "false", "true", "false", "true", "false", "true", "false", "true", "false",
        "true", "false",
    ] {
        let args = json!({"username": everybody(&company), "enabled": enabled});
        company.run("pingone-set-mfa-enabled", &args);
    }
    // One activity is Emma's own, the others are what was done to her.
    let whose = |more: &Value| {
        let mut args = json!({"userId": EMMA, "from": "14 days ago"});
        for (name, value) in more.as_object().expect("arguments") {
            args[name] = value.clone();
        }
        let entries = company.run("pingone-list-audit-activities", &args);
        let context = &entries[0]["EntryContext"];
        let found = context["PingOne.Activity(val.ID && val.ID === obj.ID)"].clone();
        let found: Vec<Value> = found.as_array().cloned().unwrap_or_default();
        let next = context["PingOne(true)"]["ActivityNextToken"].clone();
        (found, next)
    };
    let (whole, end) = whose(&json!({"all_results": "true"}));
    assert!(whole.len() > 12 && end.is_null(), "{whole:#?}");
    assert!(whole.iter().any(|activity| activity["UserID"] == EMMA));
    assert!(whole.iter().any(|activity| activity["UserID"].is_null()));
    assert!(whole.is_sorted_by(|a, b| a["Time"].as_str() >= b["Time"].as_str()));

    let (mut parts, mut next) = whose(&json!({"limit": "2", "page_size": "10"}));
    while !next.is_null() {
        let (part, then) = whose(&json!({"limit": "2", "page_size": "10", "next_token": next}));
        assert!(parts.len() <= whole.len(), "it has to end");
        parts.extend(part);
        next = then;
    }
    assert_eq!(parts, whole);
}

#[test]
fn a_list_of_the_newest_does_not_read_all_that_there_is() {
    let company = Company::new();
    for enabled in ["true", "false"].repeat(60) {
        let args = json!({"username": "emma.sharp", "enabled": enabled});
        company.run("pingone-set-mfa-enabled", &args);
        company.sandbox.advance(Duration::from_hours(1));
    }
    let list = |limit: &str| {
        let args =
            json!({"from": "1 day ago", "to": "in 120 hours", "limit": limit, "page_size": "10"});
        company.sandbox.clear_calls();
        company.run("pingone-list-audit-activities", &args);
        company.sandbox.calls().len()
    };
    // More than 120 activities in pages of ten.
    let (all, few) = (list("1000"), list("5"));
    assert!(all >= 120 / 10, "{all} calls");
    assert!(few < all / 2, "{few} calls instead of {all}");
}

#[test]
fn a_thousand_users_in_one_command_a_few_at_a_time() {
    const CROWD: usize = 1000;
    let mut seed = Seed::built_in();
    let own = seed.users.len();
    seed.add_crowd(CROWD);
    let company = Company::with(seed, &json!({}));
    let state = company.sandbox.state();
    let ids: Vec<&str> = state["users"]
        .as_array()
        .into_iter()
        .flatten()
        .skip(own)
        .filter_map(|user| user["id"].as_str())
        .collect();
    assert_eq!(ids.len(), CROWD);
    // Enough for calls to meet at the server.
    company.sandbox.fault(
        Fault::on("*", "*")
            .times(100)
            .delay(Duration::from_millis(2)),
    );
    let changes = company.run(
        "pingone-set-mfa-enabled",
        &json!({"userId": ids, "enabled": "true"}),
    );
    assert_eq!(changes.len(), 1, "{:#?}", changes.get(1));
    let (_, rows) = changes[0]["EntryContext"]
        .as_object()
        .and_then(|context| context.iter().next())
        .expect("a context");
    let rows = rows.as_array().expect("a list");
    let users: Vec<&str> = rows.iter().filter_map(|row| row["User"].as_str()).collect();
    assert_eq!(
        users, ids,
        "each once, in the order in which they were named"
    );
    assert!(rows.iter().all(|row| row["Verified"] == true));
    let most = company.sandbox.max_in_flight();
    assert!((2..=10).contains(&most), "{most} calls at once");
}

/// A company user with a phone and an email address, both MFA devices.
const MIA: &str = "mia.mobile";
const MIAS_PHONE: &str = "66c529e8-1cb3-4ef8-80cd-199f895b7011";
const MIAS_EMAIL: &str = "66c529e8-1cb3-4ef8-80cd-199f895b7012";

impl Company {
    /// The context of a verification that this command starts or looks at, and what XSOAR runs next by itself.
    fn verification(&self, command: &str, args: &Value) -> (Value, Option<(String, Value)>) {
        let entries = self.run(command, args);
        let [entry] = &entries[..] else {
            panic!("{command} failed: {entries:#?}")
        };
        assert_eq!(entry["Type"], 1, "{command} failed: {entry:#}");
        let next = entry["PollingCommand"]
            .as_str()
            .map(|command| (command.to_owned(), entry["PollingArgs"].clone()));
        let context = entry["EntryContext"].as_object().expect("a context");
        let context = context.values().next().cloned().unwrap_or_default();
        (context, next)
    }

    fn respond(&self, answer: PushAnswer) {
        let response = PushResponse {
            answer,
            after_seconds: 4,
        };
        self.sandbox
            .set_push_response(MIA, response)
            .expect("a user of the company");
    }
}

#[test]
fn a_push_is_answered_while_xsoar_polls() {
    for (answer, seconds, outcome) in [
        (PushAnswer::Approve, 5, "Approved"),
        (PushAnswer::Deny, 5, "Denied"),
        (PushAnswer::Ignore, 41, "TimedOut"),
    ] {
        let company = Company::new();
        company.respond(answer);
        let args = json!({"username": MIA});
        let (started, next) = company.verification("pingone-verify-push", &args);
        assert_eq!(started["Outcome"], "Pending");
        assert_eq!(started["DeviceID"], MIAS_PHONE);
        let (command, args) = next.expect("a next round");
        assert_eq!(args["verificationId"], started["ID"]);
        let (silent, again) = company.verification(&command, &args);
        assert_eq!(silent, Value::Null);
        assert_eq!(again, Some((command.clone(), args.clone())));

        company.sandbox.advance(Duration::from_secs(seconds));
        let (ended, next) = company.verification(&command, &args);
        assert_eq!((&ended["Outcome"], next), (&json!(outcome), None));
        assert_eq!(ended["ID"], started["ID"]);
        assert_eq!(company.changes().len(), 1, "one message, not more");
    }
}

#[test]
fn a_lost_answer_sends_no_second_push() {
    let company = Company::new();
    company.sandbox.fault(
        Fault::on("POST", "*/deviceAuthentications")
            .applied()
            .status(503),
    );
    let entries = company.run("pingone-verify-push", &json!({"username": MIA}));
    let text = entries[0]["Contents"].as_str().expect("an error");
    assert!(
        text.contains("so the user may have received a message."),
        "{text}"
    );
    assert_eq!(company.changes().len(), 1);
}

#[test]
fn a_second_push_waits_for_the_end_of_the_first() {
    let company = Company::new();
    company.respond(PushAnswer::Ignore);
    let mut runner = Runner::live(Env::default());
    let mut ask = |user: &str| {
        let args = json!({"username": user, "wait": "false"});
        company.run_with(&mut runner, "pingone-verify-push", &args)[0].clone()
    };
    let id = ask(MIA)["Contents"]["id"].clone();
    let refused = ask(MIA)["Contents"].to_string();
    let id = id.as_str().expect("an id");
    assert!(
        refused.contains(&format!(
            "The verification {id} of this user is still pending, so nothing was sent."
        )),
        "{refused}"
    );
    assert_eq!(ask("pavel.push")["Type"], 1, "another user may be asked");
    company.sandbox.advance(Duration::from_secs(41));
    assert_eq!(ask(MIA)["Type"], 1, "the first one has expired");
    assert_eq!(company.changes().len(), 3);
}

#[test]
fn after_a_lost_answer_a_second_push_waits_until_the_first_has_expired() {
    let company = Company::new();
    company.sandbox.fault(
        Fault::on("POST", "*/deviceAuthentications")
            .applied()
            .status(503),
    );
    let mut runner = Runner::live(Env::default());
    let mut ask = || {
        let args = json!({"username": MIA});
        let entries = company.run_with(&mut runner, "pingone-verify-push", &args);
        entries[0]["Contents"].to_string()
    };
    ask();
    let refused = ask();
    assert!(
        refused.contains("so a push may still be pending and nothing was sent."),
        "{refused}"
    );
    assert_eq!(company.changes().len(), 1);
}

#[test]
fn a_code_is_checked() {
    let company = Company::new();
    let args = json!({"username": MIA, "deviceId": MIAS_EMAIL});
    let (started, next) = company.verification("pingone-verify-push", &args);
    assert_eq!(
        (&started["Status"], next),
        (&json!("OTP_REQUIRED"), None),
        "nothing to wait for"
    );
    let code = company.user(MIA)["sandbox"]["passcode"].clone();
    let wrong = if code == "000000" { "111111" } else { "000000" };
    let check = |otp: &Value| json!({"verificationId": started["ID"], "otp": otp});
    let refused = company.run("pingone-check-otp", &check(&json!(wrong)));
    assert_eq!(refused[0]["Type"], 4, "{refused:#?}");
    let (checked, _) = company.verification("pingone-check-otp", &check(&code));
    assert_eq!(checked["Outcome"], "Approved");
}

#[test]
fn a_cancelled_push_is_neither_yes_nor_no() {
    let company = Company::new();
    company.respond(PushAnswer::Ignore);
    let args = json!({"username": MIA, "wait": "false"});
    let (started, next) = company.verification("pingone-verify-push", &args);
    assert_eq!(next, None);
    let id = json!({"verificationId": started["ID"]});
    let (cancelled, _) = company.verification("pingone-cancel-verification", &id);
    assert_eq!(cancelled["Outcome"], "Unknown");
    company.respond(PushAnswer::Approve);
    company.sandbox.advance(Duration::from_secs(5));
    let (later, _) = company.verification("pingone-get-verification", &id);
    assert_eq!(later["Outcome"], "Unknown");
}

#[test]
fn a_bypass_is_not_taken_for_a_confirmation() {
    let mut seed = Seed::built_in();
    seed.alternatives
        .push(Alternative::BypassCompletesDeviceAuthentications);
    let company = Company::with(seed, &json!({}));
    let args = json!({"username": "pavel.push"});
    let (started, next) = company.verification("pingone-verify-push", &args);
    assert_eq!((&started["Status"], next), (&json!("COMPLETED"), None));
    assert_eq!(started["Outcome"], "Unknown");
    let id = json!({"verificationId": started["ID"]});
    let (later, _) = company.verification("pingone-get-verification", &id);
    assert_eq!(later["Outcome"], "Unknown");
}

#[test]
fn ignored_pushes_stop_all_pushes() {
    let company = Company::new();
    company.respond(PushAnswer::Ignore);
    for _ in 0..5 {
        company.verification("pingone-verify-push", &json!({"username": MIA}));
        company.sandbox.advance(Duration::from_secs(41));
    }
    let args = json!({"username": MIA, "deviceId": MIAS_PHONE});
    let entries = company.run("pingone-verify-push", &args);
    let text = entries[0]["Contents"].as_str().expect("an error");
    assert!(
        text.contains("PingOne stops pushes to the user for 30 minutes"),
        "{text}"
    );
}
