//! How Istio's messages are read: two macros for what serde's derive cannot say.
//!
//! Istio's resources are protobuf messages in their JSON form, so a value left out is the zero of its type. Plain
//! messages are plain serde structs. Enums (read by name or by number) and messages with a oneof (whose alternatives
//! stand side by side in the message, in JSON) are written with [`proto_enum!`] and [`proto_message!`].
//!
//! What the structs leave to the deserializer that feeds them, because it is the same for every field: `null` is read
//! as the field's zero, an integer may be quoted, the proto's snake_case spelling of a key is accepted, and unknown
//! keys are passed over where istiod passes them over.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use serde::de::{self, Deserialize, Deserializer};

/// A `bytes` field, decoded: base64 in JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        base64::engine::general_purpose::STANDARD
            .decode(text)
            .map(Bytes)
            .map_err(|error| de::Error::custom(format_args!("not base64: {error}")))
    }
}

/// A visitor for enums: the name or the number of a value, as protobuf's JSON allows.
pub(crate) struct EnumVisitor<T> {
    /// The enum's name, for errors.
    pub(crate) expecting: &'static str,
    /// Finds a value by its name in the proto.
    pub(crate) by_name: fn(&str) -> Option<T>,
    /// Finds a value by its number in the proto.
    pub(crate) by_number: fn(i64) -> Option<T>,
}

impl<T> EnumVisitor<T> {
    fn number<E: de::Error>(&self, number: i64) -> Result<T, E> {
        (self.by_number)(number).ok_or_else(|| E::custom(format_args!("no value {number} in {}", self.expecting)))
    }
}

impl<T> de::Visitor<'_> for EnumVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a value of {}", self.expecting)
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<T, E> {
        (self.by_name)(name).ok_or_else(|| E::custom(format_args!("no value `{name}` in {}", self.expecting)))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.number(number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        self.number(0)
    }
}

/// An enum of a proto: `Variant = number => "NAME"`, the first being the default.
///
/// Gives `as_str` (the name in the proto), `Display` by that name, and `Deserialize` from name or number.
macro_rules! proto_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $(#[$first_meta:meta])*
            $first:ident = $first_number:literal => $first_text:literal,
            $( $(#[$value_meta:meta])* $value:ident = $number:literal => $text:literal, )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $(#[$first_meta])*
            #[default]
            $first,
            $( $(#[$value_meta])* $value, )*
        }

        impl $name {
            /// The value's name in the proto.
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::$first => $first_text,
                    $( Self::$value => $text, )*
                }
            }

            /// The value of this name in the proto.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $first_text => Some(Self::$first),
                    $( $text => Some(Self::$value), )*
                    _ => None,
                }
            }

            /// The value of this number in the proto.
            pub const fn from_number(number: i64) -> Option<Self> {
                match number {
                    $first_number => Some(Self::$first),
                    $( $number => Some(Self::$value), )*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(crate::model::proto::EnumVisitor {
                    expecting: stringify!($name),
                    by_name: Self::from_name,
                    by_number: Self::from_number,
                })
            }
        }
    };
}
pub(crate) use proto_enum;

/// A message of a proto that has one or more oneofs, after its other fields:
/// `oneof { field: Enum { json_field => Variant(Type), } }`.
///
/// Gives the struct, one enum for each oneof, and `Deserialize`. Of several alternatives given, the last in the order
/// of the proto counts, as in istiod.
macro_rules! proto_message {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty, )*
            $(
                oneof {
                    $(#[$oneof_meta:meta])*
                    $oneof:ident: $enum:ident {
                        $( $(#[$choice_meta:meta])* $choice:ident => $variant:ident($choice_type:ty), )*
                    }
                }
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
            $( $(#[$oneof_meta])* pub $oneof: Option<$enum>, )*
        }

        $(
            $(#[$oneof_meta])*
            #[derive(Debug, Clone, PartialEq)]
            pub enum $enum {
                $( $(#[$choice_meta])* $variant($choice_type), )*
            }
        )*

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                // The message as JSON has it, with the alternatives side by side.
                #[derive(Default, serde::Deserialize)]
                #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
                struct Flat {
                    $( $field: $type, )*
                    $($( $choice: Option<$choice_type>, )*)*
                }
                let flat = Flat::deserialize(deserializer)?;
                Ok($name {
                    $( $field: flat.$field, )*
                    $( $oneof: [$( flat.$choice.map($enum::$variant), )*].into_iter().flatten().next_back(), )*
                })
            }
        }
    };
}
pub(crate) use proto_message;

/// Reads a map whose keys are numbers, which JSON has as text.
pub(crate) fn number_keys<'de, D: Deserializer<'de>, V: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<u32, V>, D::Error> {
    let number = |key: String| key.parse().map_err(|_| de::Error::custom(format_args!("`{key}` is not a number")));
    let entries = BTreeMap::<String, V>::deserialize(deserializer)?;
    entries.into_iter().map(|(key, value)| Ok((number(key)?, value))).collect()
}

/// Lays messages over others, field by field: what is given replaces what was there, whole; the rest stays. `null` gives
/// nothing.
///
/// The list has every field of the struct, with its name in JSON. Fields after `merge` are themselves laid
/// over what was there, by the `DeserializeSeed` of [`Over`] for their type.
macro_rules! proto_overlay {
    (
        $name:ident {
            $( $json:literal => $field:ident, )*
            $( merge $merge_json:literal => $merge_field:ident, )*
            $( oneof $oneof:ident: $enum:ident { $( $choice_json:literal => $variant:ident, )* } )*
        }
    ) => {
        impl<'de> serde::de::Visitor<'de> for crate::model::proto::Over<$name> {
            type Value = $name;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(concat!("struct ", stringify!($name)))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<$name, E> {
                Ok(self.0)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                let mut base = self.0;
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        $(
                            $json => if let Some(value) = map.next_value::<Option<_>>()? {
                                base.$field = value;
                            },
                        )*
                        $(
                            $merge_json => {
                                let over = crate::model::proto::Over(base.$merge_field.take().unwrap_or_default());
                                base.$merge_field = Some(map.next_value_seed(over)?);
                            }
                        )*
                        $($(
                            $choice_json => if let Some(value) = map.next_value::<Option<_>>()? {
                                base.$oneof = Some($enum::$variant(value));
                            },
                        )*)*
                        _ => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(base)
            }
        }

        impl crate::model::proto::Over<$name> {
            /// Lays what the deserializer has over the message.
            fn read<'de, D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<$name, D::Error> {
                const FIELDS: &[&str] = &[$( $json, )* $( $merge_json, )* $($( $choice_json, )*)*];
                // No `..`: a field that is not in the list does not compile.
                let $name { $( $field: _, )* $( $merge_field: _, )* $( $oneof: _, )* } = &self.0;
                deserializer.deserialize_struct(stringify!($name), FIELDS, self)
            }
        }
    };
}
pub(crate) use proto_overlay;

/// A message to lay another one over, with [`proto_overlay!`].
pub(crate) struct Over<T>(pub(crate) T);

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_value, json};

    use super::Bytes;
    use crate::model::istio::{
        CaptureMode, HttpRedirect, HttpRedirectPort, HttpRedirectRedirectPortSelection, LoadBalancerSettings,
        PeerAuthentication, PullPolicy, StringMatch, StringMatchType, WorkloadSelector,
    };

    fn error<T: serde::de::DeserializeOwned + std::fmt::Debug>(json: Value) -> String {
        from_value::<T>(json).expect_err("invalid").to_string()
    }

    #[test]
    fn enums_are_read_by_name_or_number() {
        assert_eq!(from_value::<CaptureMode>(json!("IPTABLES")).ok(), Some(CaptureMode::Iptables));
        assert_eq!(from_value::<CaptureMode>(json!(2)).ok(), Some(CaptureMode::None));
        assert_eq!(from_value::<PullPolicy>(json!("IfNotPresent")).ok(), Some(PullPolicy::IfNotPresent));
        assert_eq!(CaptureMode::default().to_string(), "DEFAULT");
        assert_eq!(error::<CaptureMode>(json!("iptables")), "no value `iptables` in CaptureMode");
        assert_eq!(error::<CaptureMode>(json!(-1)), "no value -1 in CaptureMode");
    }

    #[test]
    fn alternatives_stand_side_by_side() {
        let redirect: HttpRedirect = from_value(json!({"uri": "/", "derivePort": "FROM_REQUEST_PORT"})).expect("valid");
        let port = HttpRedirectPort::DerivePort(HttpRedirectRedirectPortSelection::FromRequestPort);
        assert_eq!(redirect, HttpRedirect { uri: "/".to_owned(), redirect_port: Some(port), ..Default::default() });
        assert_eq!(from_value::<StringMatch>(json!({})).ok(), Some(StringMatch { match_type: None }));
        let empty = StringMatch { match_type: Some(StringMatchType::Prefix(String::new())) };
        assert_eq!(from_value::<StringMatch>(json!({"prefix": ""})).ok(), Some(empty));
        let last = StringMatch { match_type: Some(StringMatchType::Regex("b".to_owned())) };
        assert_eq!(from_value::<StringMatch>(json!({"regex": "b", "exact": "a"})).ok(), Some(last));
    }

    #[test]
    fn messages_refuse_other_fields() {
        assert!(error::<WorkloadSelector>(json!({"label": {}})).contains("unknown field `label`"));
        assert!(error::<LoadBalancerSettings>(json!({"simpel": "RANDOM"})).contains("unknown field `simpel`"));
    }

    #[test]
    fn number_keys_are_text() {
        let policy: PeerAuthentication = from_value(json!({"portLevelMtls": {"8080": {}}})).expect("valid");
        assert_eq!(policy.port_level_mtls.into_keys().collect::<Vec<_>>(), [8080]);
        assert!(error::<PeerAuthentication>(json!({"portLevelMtls": {"http": {}}})).contains("`http` is not a number"));
    }

    #[test]
    fn bytes_are_base64() {
        assert_eq!(from_value::<Bytes>(json!("YWJj")).ok(), Some(Bytes(b"abc".to_vec())));
        assert!(error::<Bytes>(json!("?")).starts_with("not base64"));
    }
}
