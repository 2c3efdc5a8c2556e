//! `integration.yml` as Rust tables: the commands with their arguments and outputs. `build.rs` generates the tables,
//! and the names as enums, so there is no second list of names. `arguments.rs` validates requests against them.
//! Schema: <https://xsoar.pan.dev/docs/integrations/yaml-file>.

include!(concat!(env!("OUT_DIR"), "/manifest.rs"));

/// An instance parameter.
#[derive(Debug)]
pub struct Parameter {
    /// The key in the request's `params`.
    pub name: &'static str,
    /// The label in the instance settings. For a credentials parameter, the label of the
    /// username, or of the password if the username is hidden.
    pub display: &'static str,
    /// The label of a credentials parameter's password, if it has a username too.
    pub display_password: Option<&'static str>,
    /// Whether an instance can be saved only with a value.
    pub required: bool,
    /// The value a new instance starts with.
    pub default: Option<&'static str>,
    /// The help text beside the field.
    pub additional_info: &'static str,
    /// The choices of a selection.
    pub options: &'static [&'static str],
}

/// A command.
#[derive(Debug)]
pub struct Command {
    /// The name, without the `!`.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// Whether it is marked as potentially harmful (`execution: true`).
    pub harmful: bool,
    /// Its arguments.
    pub arguments: &'static [Argument],
    /// Its context outputs.
    pub outputs: &'static [Output],
}

/// An argument of a command.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the manifest's flags"
)]
pub struct Argument {
    /// The key in the request's `args`.
    pub name: &'static str,
    /// What it means.
    pub description: &'static str,
    /// Whether the command fails without it.
    pub required: bool,
    /// Whether it is the default argument, which can be given without its name (`default: true` in the manifest).
    pub is_default: bool,
    /// Whether it is a list.
    pub is_array: bool,
    /// Whether its value is a secret.
    pub secret: bool,
    /// Whether it is left out of the documentation.
    pub hidden: bool,
    /// The value when none is given.
    pub default: Option<&'static str>,
    /// The allowed values; empty if any value is allowed.
    pub allowed: &'static [&'static str],
}

/// A context output of a command.
#[derive(Debug)]
pub struct Output {
    /// The path, such as `PingOne.Account.ID`.
    pub path: &'static str,
    /// What the value means.
    pub description: &'static str,
    /// XSOAR's type: string, boolean, date, number, unknown.
    pub kind: &'static str,
}

impl CommandName {
    /// The command with this name. Names are case-sensitive, as in XSOAR.
    pub fn find(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|command| command.name() == name)
    }

    /// Its entry in the manifest.
    pub fn definition(self) -> &'static Command {
        // Table and enum are generated from the same list.
        &COMMANDS[self as usize]
    }
}

/// The manifest entry of the command with this name.
pub fn command(name: &str) -> Option<&'static Command> {
    CommandName::find(name).map(CommandName::definition)
}

/// The parameter with this name.
pub fn parameter(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| parameter.name == name)
}
