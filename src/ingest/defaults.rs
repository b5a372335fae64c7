//! What the API server fills in when it stores an object: a rule never sees a field empty that a cluster never has empty.
//!
//! The Gateway API's defaults are in its schemas, and are filled in where these are read ([`super::crd`]); Istio's kinds have none.
//!
//! Kubernetes: `pkg/apis/*/v1/defaults.go`

use std::sync::Arc;

use super::kind::Resource;
use crate::model::ObjectMeta;
use crate::model::kubernetes::{Container, IntOrString, PodSpec, ServicePort};

/// The label that gives a Namespace its own name, so that selectors can choose it.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// Fills in a resource's fields.
pub(super) fn complete(resource: &mut Resource) {
    match resource {
        Resource::Namespace(config) => namespace(&mut Arc::make_mut(config).meta),
        Resource::Service(config) => {
            let spec = &mut Arc::make_mut(config).spec.spec;
            fill(&mut spec.r#type, "ClusterIP");
            fill(&mut spec.session_affinity, "None");
            spec.ports.iter_mut().for_each(service_port);
        }
        Resource::Secret(config) => {
            let secret = &mut Arc::make_mut(config).spec;
            let texts = secret.string_data.iter().map(|(key, text)| (key.clone(), text.clone()));
            secret.data.extend(texts);
            fill(&mut secret.r#type, "Opaque");
        }
        Resource::EndpointSlice(config) => {
            let ports = Arc::make_mut(config).spec.ports.iter_mut();
            ports.for_each(|port| fill(&mut port.protocol, "TCP"));
        }
        Resource::Endpoints(config) => {
            let ports = Arc::make_mut(config).spec.subsets.iter_mut().flat_map(|subset| &mut subset.ports);
            ports.for_each(|port| fill(&mut port.protocol, "TCP"));
        }
        Resource::Pod(config) => pod(&mut Arc::make_mut(config).spec.spec),
        Resource::Deployment(config) => {
            let spec = &mut Arc::make_mut(config).spec;
            spec.replicas.get_or_insert(1);
            pod(&mut spec.template.spec);
        }
        Resource::StatefulSet(config) => {
            let spec = &mut Arc::make_mut(config).spec;
            spec.replicas.get_or_insert(1);
            pod(&mut spec.template.spec);
        }
        Resource::ReplicaSet(config) => {
            let spec = &mut Arc::make_mut(config).spec;
            spec.replicas.get_or_insert(1);
            pod(&mut spec.template.spec);
        }
        Resource::ReplicationController(config) => {
            let spec = &mut Arc::make_mut(config).spec;
            spec.replicas.get_or_insert(1);
            if spec.selector.match_labels.is_empty() {
                spec.selector.match_labels.clone_from(&spec.template.metadata.labels);
            }
            pod(&mut spec.template.spec);
        }
        Resource::DaemonSet(config) => pod(&mut Arc::make_mut(config).spec.template.spec),
        Resource::Job(config) => pod(&mut Arc::make_mut(config).spec.template.spec),
        Resource::CronJob(config) => pod(&mut Arc::make_mut(config).spec.job.template.spec),
        _ => {}
    }
}

fn namespace(meta: &mut ObjectMeta) {
    if !meta.name.is_empty() {
        meta.labels.insert(NAMESPACE_NAME.to_owned(), meta.name.clone());
    }
}

fn service_port(port: &mut ServicePort) {
    fill(&mut port.protocol, "TCP");
    let is_unset = match &port.target_port {
        None => true,
        Some(IntOrString::Int(number)) => *number == 0,
        Some(IntOrString::String(name)) => name.is_empty(),
    };
    if is_unset {
        port.target_port = Some(IntOrString::Int(port.port));
    }
}

fn pod(spec: &mut PodSpec) {
    fill(&mut spec.restart_policy, "Always");
    fill(&mut spec.dns_policy, "ClusterFirst");
    spec.containers.iter_mut().chain(&mut spec.init_containers).for_each(container);
}

fn container(container: &mut Container) {
    container.ports.iter_mut().for_each(|port| fill(&mut port.protocol, "TCP"));
}

fn fill(field: &mut String, default: &str) {
    if field.is_empty() {
        default.clone_into(field);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::ingest;
    use crate::source::SourceFile;

    #[test]
    fn fields_are_what_a_cluster_has() {
        let text = "
kind: Namespace
apiVersion: v1
metadata: {name: shop}
---
kind: Service
apiVersion: v1
metadata: {name: web, namespace: shop}
spec: {ports: [{port: 80}, {name: dns, port: 53, protocol: UDP, targetPort: dns}]}
---
kind: Deployment
apiVersion: apps/v1
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, ports: [{containerPort: 80}]}]}}
";
        let (manifests, _) = ingest(vec![SourceFile::new("a.yaml", text)]);
        assert_eq!(manifests.namespaces[0].meta.labels[NAMESPACE_NAME], "shop");
        let [first, second] = manifests.services[0].spec.spec.ports.as_slice() else { panic!("there are two ports") };
        assert_eq!((first.protocol.as_str(), &first.target_port), ("TCP", &Some(IntOrString::Int(80))));
        assert_eq!((second.protocol.as_str(), &second.target_port), ("UDP", &Some(IntOrString::String("dns".into()))));
        assert_eq!(manifests.services[0].spec.spec.r#type, "ClusterIP");
        let deployment = &manifests.deployments[0].spec;
        assert_eq!(deployment.replicas, Some(1));
        assert_eq!(deployment.template.spec.containers[0].ports[0].protocol, "TCP");
    }
}
