//! Turns `integration.yml` into Rust (in `OUT_DIR`): the manifest drives the executable, but no request pays for parsing
//! YAML. `manifest.rs` has the tables, and the names as enums; `commands.rs` is the list from which
//! `src/commands/mod.rs` declares its modules. A command without a file, or a file without a command, fails the build.
//! `examples.rs` has the arguments of each command's recorded example, for the help.

use std::{
    collections::BTreeSet,
    env,
    error::Error,
    fmt::{self, Write as _},
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

const MANIFEST: &str = "integration.yml";
/// One file for each command.
const COMMANDS: &str = "src/commands";
/// The files among them that are not commands of the manifest.
const NOT_COMMANDS: [&str; 5] = [
    "device_operation",
    "fetch_events",
    "fetch_incidents",
    "mod",
    "test_button",
];
/// The request of a command's example, below the folder of its recorded cases.
const EXAMPLE: &str = "document-example/request.json";
/// The start of every command's name. Types and files omit it.
const PREFIX: &str = "pingone-";

/// The part of XSOAR's manifest schema that the executable needs at run time.
#[derive(Deserialize)]
struct Manifest {
    configuration: Vec<Parameter>,
    script: Script,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    display: Option<String>,
    displaypassword: Option<String>,
    /// A credentials parameter without a user name, such as a key.
    #[serde(default)]
    hiddenusername: bool,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    defaultvalue: Option<String>,
    #[serde(default)]
    additionalinfo: String,
    #[serde(default)]
    options: Vec<String>,
}

#[derive(Deserialize)]
struct Script {
    commands: Vec<Command>,
}

#[derive(Deserialize)]
struct Command {
    name: String,
    description: String,
    #[serde(default)]
    execution: bool,
    #[serde(default)]
    arguments: Vec<Argument>,
    #[serde(default)]
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the manifest's flags"
)]
struct Argument {
    name: String,
    description: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    default: bool,
    #[serde(default)]
    is_array: bool,
    #[serde(default)]
    secret: bool,
    #[serde(default)]
    hidden: bool,
    default_value: Option<String>,
    #[serde(default)]
    predefined: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    context_path: String,
    description: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The part of a recorded request that an example is made of.
#[derive(Deserialize)]
struct Request {
    args: yaml_serde::Mapping,
}

fn main() -> Result<(), Box<dyn Error>> {
    for path in [MANIFEST, COMMANDS, "build.rs"] {
        println!("cargo::rerun-if-changed={path}");
    }
    let manifest: Manifest = yaml_serde::from_str(&fs::read_to_string(MANIFEST)?)
        .map_err(|error| format!("{MANIFEST}: {error}"))?;
    let commands = &manifest.script.commands;
    for mistake in mistakes(commands, &command_files()?) {
        println!("cargo::error={mistake}");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut tables = String::new();
    write_parameters(&mut tables, &manifest.configuration)?;
    write_commands(&mut tables, commands)?;
    write_command_names(&mut tables, commands)?;
    write_arguments_enum(&mut tables, commands)?;
    fs::write(out.join("manifest.rs"), tables)?;
    fs::write(out.join("commands.rs"), modules(commands)?)?;
    fs::write(out.join("examples.rs"), examples(commands)?)?;
    Ok(())
}

/// The names of the files that contain a command.
fn command_files() -> io::Result<BTreeSet<String>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(COMMANDS)? {
        let path = entry?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let is_rust = path.extension() == Some("rs".as_ref());
        if let Some(stem) = stem.filter(|stem| is_rust && !NOT_COMMANDS.contains(stem)) {
            files.insert(stem.to_owned());
        }
    }
    Ok(files)
}

/// The mismatches between the manifest and the files.
fn mistakes(commands: &[Command], files: &BTreeSet<String>) -> Vec<String> {
    let mut mistakes = Vec::new();
    let modules: BTreeSet<String> = commands.iter().map(Command::module).collect();
    for command in commands {
        let module = command.module();
        if !command.name.starts_with(PREFIX) {
            mistakes.push(format!(
                "{MANIFEST}: the name of the command {} must start with {PREFIX}.",
                command.name
            ));
        }
        if !files.contains(&module) {
            let file = Path::new(COMMANDS).join(module).with_extension("rs");
            mistakes.push(format!(
                "{MANIFEST} lists the command {}, but {} is missing. Write its handler there.",
                command.name,
                file.display()
            ));
        }
    }
    for file in files.difference(&modules) {
        mistakes.push(format!(
            "{COMMANDS}/{file}.rs does not belong to a command. Add {PREFIX}{} to {MANIFEST}, or move shared code to src/operations/ or src/views/.",
            file.replace('_', "-")
        ));
    }
    mistakes
}

impl Command {
    /// The name without the prefix.
    fn bare_name(&self) -> &str {
        self.name.strip_prefix(PREFIX).unwrap_or(&self.name)
    }

    /// The name of the command's file and module.
    fn module(&self) -> String {
        self.bare_name().replace('-', "_")
    }

    /// The command's variant of `CommandName`.
    fn variant(&self) -> String {
        variant(self.bare_name())
    }
}

/// A name as an enum variant. Arguments can differ only in the case of their first letter, so those that start with a
/// capital letter get a prefix.
fn variant(name: &str) -> String {
    let words = name.split(['-', '_']).map(|word| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    let camel: String = words.collect();
    if name.starts_with(|first: char| first.is_ascii_uppercase()) {
        ["Capital", &camel].concat()
    } else {
        camel
    }
}

/// Strings are written with `{:?}`, which produces a Rust string literal.
fn write_parameters(out: &mut String, parameters: &[Parameter]) -> fmt::Result {
    writeln!(out, "/// The instance parameters, in the manifest's order.")?;
    writeln!(out, "pub static PARAMETERS: &[Parameter] = &[")?;
    for Parameter {
        name,
        display,
        displaypassword,
        hiddenusername,
        required,
        defaultvalue,
        additionalinfo,
        options,
    } in parameters
    {
        let (display, displaypassword) = if *hiddenusername {
            (displaypassword, &None)
        } else {
            (display, displaypassword)
        };
        let display = display.as_deref().unwrap_or_default();
        writeln!(
            out,
            "Parameter {{ name: {name:?}, display: {display:?}, display_password: {displaypassword:?}, \
             required: {required}, default: {defaultvalue:?}, additional_info: {additionalinfo:?}, options: &{options:?} }},"
        )?;
    }
    writeln!(out, "];")
}

fn write_commands(out: &mut String, commands: &[Command]) -> fmt::Result {
    writeln!(out, "/// The commands, in the manifest's order.")?;
    writeln!(out, "pub static COMMANDS: &[Command] = &[")?;
    for Command {
        name,
        description,
        execution,
        arguments,
        outputs,
    } in commands
    {
        writeln!(
            out,
            "Command {{ name: {name:?}, description: {description:?}, harmful: {execution}, arguments: &["
        )?;
        for argument in arguments {
            write_argument(out, argument)?;
        }
        writeln!(out, "], outputs: &[")?;
        for Output {
            context_path,
            description,
            kind,
        } in outputs
        {
            writeln!(
                out,
                "Output {{ path: {context_path:?}, description: {description:?}, kind: {kind:?} }},"
            )?;
        }
        writeln!(out, "] }},")?;
    }
    writeln!(out, "];")
}

fn write_argument(out: &mut String, argument: &Argument) -> fmt::Result {
    let Argument {
        name,
        description,
        required,
        default,
        is_array,
        secret,
        hidden,
        default_value,
        predefined,
    } = argument;
    writeln!(
        out,
        "Argument {{ name: {name:?}, description: {description:?}, required: {required}, is_default: {default}, \
         is_array: {is_array}, secret: {secret}, hidden: {hidden}, default: {default_value:?}, \
         allowed: &{predefined:?} }},"
    )
}

/// The commands as an enum, so that an incomplete `match` does not compile.
fn write_command_names(out: &mut String, commands: &[Command]) -> fmt::Result {
    let names = commands
        .iter()
        .map(|command| (command.variant(), command.name.as_str()));
    let names: Vec<(String, &str)> = names.collect();
    write_enum(out, "CommandName", "The commands of the manifest.", &names)
}

/// The arguments of all commands as an enum, so that a misspelt one does not compile.
fn write_arguments_enum(out: &mut String, commands: &[Command]) -> fmt::Result {
    let arguments = commands.iter().flat_map(|command| &command.arguments);
    let names: BTreeSet<&str> = arguments.map(|argument| argument.name.as_str()).collect();
    let names: Vec<(String, &str)> = names
        .into_iter()
        .map(|name| (variant(name), name))
        .collect();
    let doc =
        "The arguments of all commands. Commands with the same argument name share the variant.";
    write_enum(out, "Arg", doc, &names)
}

/// An enum with the name of each variant.
fn write_enum(out: &mut String, name: &str, doc: &str, names: &[(String, &str)]) -> fmt::Result {
    writeln!(out, "/// {doc}")?;
    writeln!(
        out,
        "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)] pub enum {name} {{"
    )?;
    for (variant, text) in names {
        writeln!(out, "/// `{text}`\n{variant},")?;
    }
    writeln!(out, "}}\nimpl {name} {{")?;
    writeln!(out, "/// All of them.\npub const ALL: &[Self] = &[")?;
    for (variant, _) in names {
        writeln!(out, "Self::{variant},")?;
    }
    writeln!(out, "];\n/// The name in the manifest.")?;
    writeln!(
        out,
        "pub const fn name(self) -> &'static str {{ match self {{"
    )?;
    for (variant, text) in names {
        writeln!(out, "Self::{variant} => {text:?},")?;
    }
    writeln!(out, "}} }} }}")
}

/// A macro that passes the list of commands to another macro. Plain `mod` declarations would be resolved in `OUT_DIR`,
/// and absolute paths would put the name of the build folder into the executable.
fn modules(commands: &[Command]) -> Result<String, fmt::Error> {
    let mut out = String::from("macro_rules! with_commands { ($then:ident) => { $then! {\n");
    for command in commands {
        let (module, variant) = (command.module(), command.variant());
        writeln!(out, "{module} {variant} {:?};", command.name)?;
    }
    out.push_str("} } }\n");
    Ok(out)
}

/// The arguments of each command's recorded example; none if it is not there, as in a copy without `test_data`.
fn examples(commands: &[Command]) -> Result<String, Box<dyn Error>> {
    let mut out = String::from("static EXAMPLES: &[(&str, &[(&str, &str)])] = &[\n");
    for Command { name, .. } in commands {
        let path = Path::new("test_data").join(name).join(EXAMPLE);
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        println!("cargo::rerun-if-changed={}", path.display());
        // JSON is YAML, too.
        let request: Request =
            yaml_serde::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let texts = request.args.iter();
        let texts = texts.filter_map(|(name, value)| Some((name.as_str()?, value.as_str()?)));
        writeln!(out, "({name:?}, &{:?}),", texts.collect::<Vec<_>>())?;
    }
    out.push_str("];\n");
    Ok(out)
}
