//! `integration.yml` as Rust tables: which commands exist, what each takes and gives. `build.rs` writes
//! the tables, and the names as types, so there is no second list of names anywhere. This file holds no behaviour of a command;
//! checking a request against the tables is the work of `arguments.rs`.
//! Schema: <https://xsoar.pan.dev/docs/integrations/yaml-file>.

include!(concat!(env!("OUT_DIR"), "/manifest.rs"));

/// An instance parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its key in the request's `params`.
    pub name: &'static str,
    /// Its label in the instance's settings (of a credentials parameter: the label of the user name).
    pub display: &'static str,
    /// The label of the password of a credentials parameter.
    pub display_password: Option<&'static str>,
    /// Whether an instance cannot be saved without it.
    pub required: bool,
    /// What the settings show before anything is entered.
    pub default: Option<&'static str>,
    /// The help text beside the field.
    pub additional_info: &'static str,
    /// What a selection offers.
    pub options: &'static [&'static str],
}

/// A command.
#[derive(Debug)]
pub struct Command {
    /// The name, as typed after `!`.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// Marked as potentially harmful (`execution: true`).
    pub harmful: bool,
    /// What it takes.
    pub arguments: &'static [Argument],
    /// The context paths it gives.
    pub outputs: &'static [Output],
}

/// An argument of a command.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are the manifest's own flags"
)]
pub struct Argument {
    /// Its key in the request's `args`.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
    /// Whether the command is refused without it.
    pub required: bool,
    /// Whether it may be typed without its name (`default: true` in the manifest).
    pub unnamed: bool,
    /// Whether it takes a list.
    pub is_array: bool,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// Whether it is kept out of the documentation.
    pub hidden: bool,
    /// What it is when not given.
    pub default: Option<&'static str>,
    /// The only values it may have; empty where any is fine.
    pub allowed: &'static [&'static str],
}

/// A context path that a command gives.
#[derive(Debug)]
pub struct Output {
    /// The path, such as `PingOne.Account.ID`.
    pub path: &'static str,
    /// What stands there.
    pub description: &'static str,
    /// XSOAR's name of the type: string, boolean, date, number.
    pub kind: &'static str,
}

impl CommandName {
    /// The command that is typed so; names are compared to the letter, as XSOAR does.
    pub fn find(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|command| command.name() == name)
    }

    /// What the manifest says of it.
    pub fn described(self) -> &'static Command {
        // Table and enum are written from the same list.
        &COMMANDS[self as usize]
    }
}

/// What the manifest says of the command of this name.
pub fn command(name: &str) -> Option<&'static Command> {
    CommandName::find(name).map(CommandName::described)
}

/// The parameter of this name.
pub fn parameter(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| parameter.name == name)
}
