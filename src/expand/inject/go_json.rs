//! JSON as Go prints the types of Kubernetes: fields in the order of the structs.

use std::fmt::Write as _;

use serde_json::Value;

use crate::go::json_string;

/// Fields of a container and of what is in it, each before those that follow it in any struct.
///
/// kubernetes: `api/core/v1/types.go`
const ORDER: &[&str] = &[
    "exec",
    "httpGet",
    "tcpSocket",
    "grpc",
    "sleep",
    "name",
    "image",
    "command",
    "args",
    "workingDir",
    "ports",
    "envFrom",
    "env",
    "resources",
    "resizePolicy",
    "restartPolicy",
    "volumeMounts",
    "volumeDevices",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "postStart",
    "preStop",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "imagePullPolicy",
    "capabilities",
    "securityContext",
    "stdin",
    "stdinOnce",
    "tty",
    "value",
    "valueFrom",
    "prefix",
    "configMapRef",
    "secretRef",
    "fieldRef",
    "resourceFieldRef",
    "configMapKeyRef",
    "secretKeyRef",
    "apiVersion",
    "fieldPath",
    "containerName",
    "resource",
    "divisor",
    "key",
    "optional",
    "hostPort",
    "containerPort",
    "protocol",
    "hostIP",
    "readOnly",
    "recursiveReadOnly",
    "mountPath",
    "subPath",
    "mountPropagation",
    "subPathExpr",
    "path",
    "port",
    "host",
    "scheme",
    "httpHeaders",
    "service",
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
    "terminationGracePeriodSeconds",
    "add",
    "drop",
    "privileged",
    "seLinuxOptions",
    "windowsOptions",
    "runAsUser",
    "runAsGroup",
    "runAsNonRoot",
    "readOnlyRootFilesystem",
    "allowPrivilegeEscalation",
    "procMount",
    "seccompProfile",
    "appArmorProfile",
    "limits",
    "requests",
    "claims",
    "containers",
    "initContainers",
];

/// Returns a value as text. Names that no struct has keep the order of their letters.
pub(super) fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
            fields.sort_by_key(|(name, _)| place(name));
            let open = |first: bool| if first { '{' } else { ',' };
            for (index, (name, value)) in fields.iter().enumerate() {
                out.push(open(index == 0));
                json_string(out, name);
                out.push(':');
                write(value, out);
            }
            out.push_str(if fields.is_empty() { "{}" } else { "}" });
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::String(text) => json_string(out, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            let _ = write!(out, "{value}");
        }
    }
}
