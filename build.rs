//! Turns `integration.yml` into Rust tables (`manifest.rs` in `OUT_DIR`), so that the manifest drives
//! the executable and yet no request pays for parsing YAML. `src/manifest.rs` explains the types.

use std::{env, error::Error, fmt::Write as _, fs, path::PathBuf};

use serde::Deserialize;

const MANIFEST: &str = "integration.yml";

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
    reason = "they are the manifest's own flags"
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

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={MANIFEST}");
    println!("cargo::rerun-if-changed=build.rs");
    let manifest: Manifest = yaml_serde::from_str(&fs::read_to_string(MANIFEST)?)
        .map_err(|error| format!("{MANIFEST}: {error}"))?;
    let target = PathBuf::from(env::var("OUT_DIR")?).join("manifest.rs");
    fs::write(target, rust_tables(&manifest)?)?;
    Ok(())
}

/// Rust source of the tables. Texts are written with `{:?}`, whose output is a Rust string literal.
fn rust_tables(manifest: &Manifest) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "/// The instance parameters, in the manifest's order.")?;
    writeln!(out, "pub static PARAMETERS: &[Parameter] = &[")?;
    for Parameter {
        name,
        display,
        displaypassword,
        required,
        defaultvalue,
        additionalinfo,
        options,
    } in &manifest.configuration
    {
        let display = display.as_deref().unwrap_or_default();
        writeln!(
            out,
            "Parameter {{ name: {name:?}, display: {display:?}, display_password: {displaypassword:?}, \
             required: {required}, default: {defaultvalue:?}, additional_info: {additionalinfo:?}, options: &{options:?} }},"
        )?;
    }
    writeln!(out, "];")?;
    writeln!(out, "/// The commands, in the manifest's order.")?;
    writeln!(out, "pub static COMMANDS: &[Command] = &[")?;
    for Command {
        name,
        description,
        execution,
        arguments,
        outputs,
    } in &manifest.script.commands
    {
        writeln!(
            out,
            "Command {{ name: {name:?}, description: {description:?}, harmful: {execution}, arguments: &["
        )?;
        for Argument {
            name,
            description,
            required,
            default,
            is_array,
            secret,
            hidden,
            default_value,
            predefined,
        } in arguments
        {
            writeln!(
                out,
                "Argument {{ name: {name:?}, description: {description:?}, required: {required}, unnamed: {default}, \
                 is_array: {is_array}, secret: {secret}, hidden: {hidden}, default: {default_value:?}, \
                 allowed: &{predefined:?} }},"
            )?;
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
    writeln!(out, "];")?;
    Ok(out)
}
