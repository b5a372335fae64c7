//! Makes the manifests of a mesh of any size, the same for the same seed: for benchmarks, and for trying meshc at scale.

use std::fmt::Write as _;

/// How large the mesh is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeshSize {
    /// Services.
    pub services: u32,
    /// Pods behind each Service, each with a sidecar.
    pub pods: u32,
    /// Namespaces, among which the Services are spread.
    pub namespaces: u32,
    /// Which of the meshes of this size.
    pub seed: u64,
}

impl Default for MeshSize {
    fn default() -> Self {
        Self { services: 1000, pods: 2, namespaces: 10, seed: 1 }
    }
}

/// Returns the manifests: one text for each namespace, with its path.
///
/// Every Service has an HTTP port and Pods with sidecars behind an EndpointSlice; one in ten has a VirtualService and a
/// DestinationRule with two subsets.
pub fn mesh(size: &MeshSize) -> Vec<(String, String)> {
    let mut random = SplitMix(size.seed);
    let namespaces = size.namespaces.max(1);
    let mut texts: Vec<(String, String)> = (0..namespaces).map(namespace).collect();
    for index in 0..size.services {
        let at = usize::try_from(index % namespaces).unwrap_or(0);
        service(&mut texts[at].1, index, index % namespaces, size.pods, &mut random);
    }
    texts
}

fn namespace(index: u32) -> (String, String) {
    let text = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ns-{index}\n  labels:\n    istio-injection: enabled\n"
    );
    (format!("ns-{index}.yaml"), text)
}

fn service(out: &mut String, index: u32, namespace: u32, pods: u32, random: &mut SplitMix) {
    let name = format!("svc-{index}");
    let header = |api: &str, kind: &str, name: &str| {
        format!("---\napiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: ns-{namespace}\n")
    };
    let cluster_ip = format!("10.{}.{}.{}", 96 + index / 65_536, index / 256 % 256, index % 256);
    let _ = write!(
        out,
        "{}  labels: {{app: {name}}}\nspec:\n  clusterIP: {cluster_ip}\n  clusterIPs: [{cluster_ip}]\n  selector: {{app: {name}}}\n  \
         ports:\n  - {{name: http, port: 80, protocol: TCP, targetPort: 8080}}\n",
        header("v1", "Service", &name)
    );
    let _ = write!(
        out,
        "{}  labels: {{kubernetes.io/service-name: {name}}}\naddressType: IPv4\nports:\n- {{name: http, port: 8080, protocol: \
         TCP}}\nendpoints:\n",
        header("discovery.k8s.io/v1", "EndpointSlice", &format!("{name}-1"))
    );
    for pod in 0..pods {
        let _ = writeln!(
            out,
            "- addresses: [{}]\n  conditions: {{ready: true, serving: true, terminating: false}}\n  targetRef: {{kind: Pod, name: \
             {name}-{pod}, namespace: ns-{namespace}}}",
            address(index * pods + pod)
        );
    }
    for pod in 0..pods {
        out.push_str(&header("v1", "Pod", &format!("{name}-{pod}")));
        pod_body(out, &name, pod, &address(index * pods + pod));
    }
    if random.below(10) == 0 {
        let weight = random.below(100);
        let _ = write!(
            out,
            "{}spec:\n  host: {name}\n  trafficPolicy:\n    connectionPool:\n      tcp: {{maxConnections: {}}}\n  subsets:\n  - \
             {{name: v0, labels: {{version: v0}}}}\n  - {{name: v1, labels: {{version: v1}}}}\n",
            header("networking.istio.io/v1", "DestinationRule", &name),
            100 + random.below(900)
        );
        let _ = write!(
            out,
            "{}spec:\n  hosts: [{name}]\n  http:\n  - match:\n    - uri: {{prefix: /v{weight}}}\n    route:\n    - destination: \
             {{host: {name}, subset: v0}}\n      weight: {weight}\n    - destination: {{host: {name}, subset: v1}}\n      weight: \
             {}\n    timeout: {}s\n  - route:\n    - destination: {{host: {name}}}\n",
            header("networking.istio.io/v1", "VirtualService", &name),
            100 - weight,
            1 + random.below(30)
        );
    }
}

fn pod_body(out: &mut String, name: &str, pod: u32, address: &str) {
    let _ = write!(
        out,
        "  labels:\n    app: {name}\n    version: v{version}\n    security.istio.io/tlsMode: istio\n    \
         service.istio.io/canonical-name: {name}\n    service.istio.io/canonical-revision: v{version}\nspec:\n  \
         serviceAccountName: {name}\n  containers:\n  - name: app\n    image: registry.example/{name}:v{version}\n    ports:\n    - \
         containerPort: 8080\n  initContainers:\n  - name: istio-proxy\n    image: docker.io/istio/proxyv2:1.30.3\n    \
         restartPolicy: Always\n    args: [proxy, sidecar, --domain, $(POD_NAMESPACE).svc.cluster.local]\n    env:\n    - name: \
         POD_NAMESPACE\n      valueFrom:\n        fieldRef: {{fieldPath: metadata.namespace}}\n    - name: \
         ISTIO_META_CLUSTER_ID\n      value: Kubernetes\n    - name: ISTIO_META_WORKLOAD_NAME\n      value: {name}\nstatus:\n  \
         phase: Running\n  podIP: {address}\n  podIPs:\n  - ip: {address}\n  conditions:\n  - {{type: Ready, status: 'True'}}\n",
        version = pod % 2
    );
}

/// The address of a Pod by its number.
fn address(pod: u32) -> String {
    format!("10.{}.{}.{}", 128 + pod / 65_536, pod / 256 % 256, pod % 256)
}

/// Steele, Lea and Flood's generator: small, and the same everywhere.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
