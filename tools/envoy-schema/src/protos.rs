//! Reads the `.proto` files of the package `envoy-types` and of `proto/`, and resolves their names.
//!
//! protoc's rule for relative names looks only at imported files; looking at all files, as here, finds shadows that are not
//! meant (`config.core.v3.X` inside `envoy.extensions...`), so the first *existing* full name wins, from the innermost scope
//! outwards.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use prost_types::field_descriptor_proto::{Label as ProtoLabel, Type};
use prost_types::uninterpreted_option::NamePart;
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, UninterpretedOption};

use crate::schema::{Enum, Field, Kind, Label, Message, Schema};

/// Packages that describe other files and never reach a configuration.
const ANNOTATIONS: [&str; 5] = ["validate", "udpa.annotations", "xds.annotations", "envoy.annotations", "google.api"];

/// Loads and resolves all files.
pub(crate) fn load() -> Result<Schema> {
    let mut files = Vec::new();
    find(&envoy_types()?.join("proto"), &mut files)?;
    find(&Path::new(env!("CARGO_MANIFEST_DIR")).join("proto"), &mut files)?;
    files.sort();
    let mut scopes = Scopes::default();
    for path in &files {
        let text = std::fs::read_to_string(path)?;
        let file = protox_parse::parse(&path.to_string_lossy(), &text).map_err(|error| anyhow::anyhow!("{error}"))?;
        let package = file.package().to_owned();
        if ANNOTATIONS.iter().any(|prefix| package == *prefix || package.starts_with(&format!("{prefix}.")))
            && package != "google.api.expr.v1alpha1"
        {
            continue;
        }
        for message in file.message_type {
            scopes.add_message(&package, &package, message);
        }
        for declared in file.enum_type {
            scopes.add_enum(&package, &package, &declared);
        }
    }
    let mut schema = scopes.resolve()?;
    drop_newer(&mut schema)?;
    Ok(schema)
}

/// Takes out what `newer.txt` names.
fn drop_newer(schema: &mut Schema) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("newer.txt");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let known = match line.split_once(' ') {
            Some((name, member)) => drop_member(schema, name, member),
            None => drop_declaration(schema, line),
        };
        if !known {
            bail!("newer.txt: nothing is named {line}");
        }
    }
    Ok(())
}

/// Takes out a field or an enum's value, and says whether there was one.
fn drop_member(schema: &mut Schema, name: &str, member: &str) -> bool {
    if let Some(message) = schema.messages.get_mut(name) {
        let before = message.fields.len();
        message.fields.retain(|field| field.name != member);
        message.fields.len() < before
    } else if let Some(declared) = schema.enums.get_mut(name) {
        let before = declared.values.len();
        declared.values.retain(|(_, value)| value != member);
        declared.values.len() < before
    } else {
        false
    }
}

/// Takes out a message or an enum with what is nested in it, and says whether there was one.
fn drop_declaration(schema: &mut Schema, name: &str) -> bool {
    let nested = format!("{name}.");
    let before = schema.messages.len() + schema.enums.len();
    schema.messages.retain(|other, _| other != name && !other.starts_with(&nested));
    schema.enums.retain(|other, _| other != name && !other.starts_with(&nested));
    schema.messages.len() + schema.enums.len() < before
}

/// The folder of the package `envoy-types`, as cargo resolved it.
fn envoy_types() -> Result<PathBuf> {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()
        .context("cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let manifest = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|package| package["name"] == "envoy-types")
        .and_then(|package| package["manifest_path"].as_str())
        .context("cargo metadata does not list envoy-types")?;
    Ok(Path::new(manifest).parent().context("a manifest lies in a folder")?.to_path_buf())
}

/// Adds all `.proto` files below a folder.
fn find(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// Declarations by full name, before their references are resolved.
#[derive(Default)]
struct Scopes {
    messages: BTreeMap<String, (String, DescriptorProto)>,
    enums: BTreeMap<String, Enum>,
}

impl Scopes {
    fn add_message(&mut self, package: &str, scope: &str, mut message: DescriptorProto) {
        let name = join(scope, message.name());
        for nested in std::mem::take(&mut message.nested_type) {
            self.add_message(package, &name, nested);
        }
        for declared in std::mem::take(&mut message.enum_type) {
            self.add_enum(package, &name, &declared);
        }
        self.messages.insert(name, (package.to_owned(), message));
    }

    fn add_enum(&mut self, package: &str, scope: &str, declared: &EnumDescriptorProto) {
        let name = join(scope, declared.name());
        let values = declared.value.iter().map(|value| (value.number(), value.name().to_owned())).collect();
        self.enums.insert(name.clone(), Enum { name, package: package.to_owned(), values });
    }

    fn resolve(self) -> Result<Schema> {
        let mut messages = BTreeMap::new();
        for (name, (package, message)) in &self.messages {
            if is_map_entry(message) {
                continue;
            }
            let mut fields = message
                .field
                .iter()
                .map(|field| self.field(name, message, field).with_context(|| format!("{name}.{}", field.name())))
                .collect::<Result<Vec<_>>>()?;
            fields.sort_by_key(|field| field.number);
            let oneofs = message.oneof_decl.iter().filter(|oneof| {
                oneof.options.iter().flat_map(|options| &options.uninterpreted_option).any(is_required)
            });
            let required_oneofs = oneofs.map(|oneof| oneof.name().to_owned()).collect();
            messages.insert(
                name.clone(),
                Message { name: name.clone(), package: package.clone(), fields, required_oneofs },
            );
        }
        Ok(Schema { messages, enums: self.enums })
    }

    fn field(&self, scope: &str, message: &DescriptorProto, field: &FieldDescriptorProto) -> Result<Field> {
        let mut kind = self.kind(scope, field)?;
        let mut label = match field.label() {
            ProtoLabel::Repeated => Label::Repeated,
            _ if field.proto3_optional() => Label::Optional,
            _ => Label::Singular,
        };
        if let Kind::Message(entry_name) = &kind
            && let Some((_, entry)) = self.messages.get(entry_name)
            && is_map_entry(entry)
        {
            let [key, value] = entry.field.as_slice() else { bail!("a map entry has two fields") };
            let Kind::Scalar(key) = self.kind(entry_name, key)? else { bail!("a map's keys are scalars") };
            label = Label::Map(key);
            kind = self.kind(entry_name, value)?;
        }
        let oneof = match field.oneof_index {
            Some(index) if !field.proto3_optional() => {
                let index = usize::try_from(index)?;
                Some(message.oneof_decl.get(index).context("a declared oneof")?.name().to_owned())
            }
            _ => None,
        };
        let options = field.options.as_ref().map_or(&[][..], |options| &options.uninterpreted_option);
        Ok(Field {
            number: field.number(),
            name: field.name().to_owned(),
            kind,
            label,
            oneof,
            deprecated: options.iter().any(|option| plain_name(option) == "deprecated"),
            rules: rules(options),
        })
    }

    fn kind(&self, scope: &str, field: &FieldDescriptorProto) -> Result<Kind> {
        if field.type_name().is_empty() {
            return scalar(field.r#type()).map(Kind::Scalar);
        }
        let reference = field.type_name();
        let absolute = reference.strip_prefix('.');
        let mut scope = if absolute.is_some() { "" } else { scope };
        let reference = absolute.unwrap_or(reference);
        loop {
            let name = join(scope, reference);
            if self.messages.contains_key(&name) {
                return Ok(Kind::Message(name));
            }
            if self.enums.contains_key(&name) {
                return Ok(Kind::Enum(name));
            }
            if scope.is_empty() {
                bail!("nothing is named {reference}");
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }
}

fn join(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry)
}

fn scalar(kind: Type) -> Result<&'static str> {
    Ok(match kind {
        Type::Double => "double",
        Type::Float => "float",
        Type::Int64 | Type::Sfixed64 | Type::Sint64 => "int64",
        Type::Uint64 | Type::Fixed64 => "uint64",
        Type::Int32 | Type::Sfixed32 | Type::Sint32 => "int32",
        Type::Uint32 | Type::Fixed32 => "uint32",
        Type::Bool => "bool",
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Group | Type::Message | Type::Enum => bail!("not a scalar: {kind:?}"),
    })
}

/// The option's name when it is not an extension.
fn plain_name(option: &UninterpretedOption) -> String {
    option.name.iter().map(|part| part.name_part.as_str()).collect::<Vec<_>>().join(".")
}

/// Whether the option is `(validate.required) = true`.
fn is_required(option: &UninterpretedOption) -> bool {
    matches!(option.name.as_slice(), [part] if part.is_extension && part.name_part.trim_start_matches('.') == "validate.required")
        && option.identifier_value.as_deref() == Some("true")
}

/// The `validate.rules` of a field: `uint32.lte=5`, `string={min_len: 1}`; several are separated by `; `.
fn rules(options: &[UninterpretedOption]) -> String {
    let texts: Vec<String> = options.iter().filter_map(rule).collect();
    texts.join("; ")
}

fn rule(option: &UninterpretedOption) -> Option<String> {
    let (first, rest) = option.name.split_first()?;
    let is_rules = |part: &NamePart| part.is_extension && part.name_part.trim_start_matches('.') == "validate.rules";
    if !is_rules(first) {
        return None;
    }
    let path = rest.iter().map(|part| part.name_part.as_str()).collect::<Vec<_>>().join(".");
    let value = if let Some(text) = &option.aggregate_value {
        format!("{{{}}}", text.split_whitespace().collect::<Vec<_>>().join(" "))
    } else if let Some(text) = &option.identifier_value {
        text.clone()
    } else if let Some(text) = &option.string_value {
        format!("\"{}\"", String::from_utf8_lossy(text))
    } else if let Some(number) = option.positive_int_value {
        number.to_string()
    } else if let Some(number) = option.negative_int_value {
        number.to_string()
    } else {
        option.double_value?.to_string()
    };
    Some(format!("{path}={value}"))
}
