//! The injector's templates. They are Go's, and cannot be run here: those of the releases are known by a hash of their text.
//!
//! istiod: `manifests/charts/istio-control/istio-discovery/files` of 1.28 to 1.31

/// FNV-1a of each text, without blanks around.
const KNOWN: &[u64] = &[
    0x3e98_8685_1e3d_aa77, // agentgateway-waypoint.yaml
    0x970c_042f_da89_fc37, // agentgateway.yaml
    0xdab3_d387_dea7_df0c, // agentgateway.yaml
    0xbaea_7504_244c_9172, // agentgateway.yaml
    0x39ed_4197_6942_3221, // gateway-injection-template.yaml
    0xaa47_5fe3_c9ce_5eca, // gateway-injection-template.yaml
    0x580c_7bbd_12bb_c3df, // gateway-injection-template.yaml
    0x8863_3a9e_2f0c_fbbf, // grpc-agent.yaml
    0x53d2_010f_dde3_d0b8, // grpc-agent.yaml
    0xa391_c83a_61ba_b25b, // grpc-agent.yaml
    0xdb8e_c4b2_6926_3512, // grpc-simple.yaml
    0x15be_307f_478e_9faf, // injection-template.yaml
    0x48f7_9751_45da_fb8e, // injection-template.yaml
    0x967a_0d1f_f739_6f93, // injection-template.yaml
    0x16df_cc32_9ce0_f02b, // injection-template.yaml
    0xd4c5_ac2e_a42c_1f4a, // injection-template.yaml
    0x11bb_84e2_7b09_aae7, // injection-template.yaml
    0x52c4_bf5c_96b7_5deb, // injection-template.yaml
    0xd1cb_249f_1318_83d0, // kube-gateway.yaml
    0xf287_18e9_fdfd_7163, // kube-gateway.yaml
    0x6ea3_2dcc_b443_074a, // kube-gateway.yaml
    0x3283_5af8_5a5f_f921, // kube-gateway.yaml
    0xbf7b_c75e_7b2b_9043, // kube-gateway.yaml
    0x4c0b_5a34_61d0_8026, // waypoint.yaml
    0x403c_f869_f6d1_04b9, // waypoint.yaml
    0x63d6_d300_5c6b_66bc, // waypoint.yaml
    0x5e35_0175_330b_03f3, // waypoint.yaml
    0xeed1_ba41_0ef8_6a20, // waypoint.yaml
    0x16a5_d671_c9c0_a71a, // waypoint.yaml
];

/// Says whether a template is one of a release.
pub(super) fn is_known(text: &str) -> bool {
    KNOWN.contains(&fnv1a(text.trim()))
}

fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
