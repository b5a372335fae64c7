//! How much a run may take: limits for input that a stranger wrote, each with a flag that raises it.

use clap::Args;

use crate::options::Budgets;

/// How much is read.
#[derive(Debug, Clone, Args)]
pub struct Limits {
    /// The largest file that is read; `K`, `M` and `G` stand for KiB, MiB and GiB.
    #[arg(long = "max-file-size", value_name = "SIZE", default_value = "256M", value_parser = size, hide_short_help = true, help_heading = "Limits")]
    pub file_size: u64,
    /// How much is read of all files together.
    #[arg(long = "max-input-size", value_name = "SIZE", default_value = "1G", value_parser = size, hide_short_help = true, help_heading = "Limits")]
    pub input_size: u64,
    /// How many files and folders are looked at.
    #[arg(
        long = "max-files",
        value_name = "NUMBER",
        default_value_t = 100_000,
        hide_short_help = true,
        help_heading = "Limits"
    )]
    pub files: u64,
    /// How many values the aliases of YAML may repeat, in all documents together.
    #[arg(
        long = "max-alias-nodes",
        value_name = "NUMBER",
        default_value_t = 4_000_000,
        hide_short_help = true,
        help_heading = "Limits"
    )]
    pub alias_nodes: u64,
    /// How many routes a VirtualService may come to, of its hosts times its gateways times its matches; eight times as many for all together.
    #[arg(
        long = "max-routes",
        value_name = "NUMBER",
        default_value_t = 250_000,
        hide_short_help = true,
        help_heading = "Limits"
    )]
    pub routes: u64,
    /// How many addresses a ServiceEntry may come to, of its hosts times its ports times its addresses and endpoints; eight times as many for all together.
    #[arg(
        long = "max-service-entry",
        value_name = "NUMBER",
        default_value_t = 4_000_000,
        hide_short_help = true,
        help_heading = "Limits"
    )]
    pub service_entry: u64,
    /// How many rules of policies and filters all Pods together may have.
    #[arg(
        long = "max-policies",
        value_name = "NUMBER",
        default_value_t = 2_000_000,
        hide_short_help = true,
        help_heading = "Limits"
    )]
    pub policies: u64,
    /// How much memory may be used; 96 times the size of the input if that is more.
    #[arg(long = "max-memory", value_name = "SIZE", default_value = "1G", value_parser = size, hide_short_help = true, help_heading = "Limits")]
    pub memory: u64,
    /// How many seconds of CPU one step may take (reading, a proxy, a comparison), and four more for each MiB of input after the first; all steps together may take as many, and as many again for every 256 of them.
    #[arg(
        long = "max-cpu",
        value_name = "SECONDS",
        default_value_t = 10,
        hide_short_help = true,
        help_heading = "Limits"
    )]
    pub cpu: u64,
    /// How much may be written to files in one run, and as much more for each MiB of input after the first.
    #[arg(long = "max-output", value_name = "SIZE", default_value = "8G", value_parser = size, hide_short_help = true, help_heading = "Limits")]
    pub output_size: u64,
    /// How many seconds another program may take (`git`, `helm`, `kustomize`, `kubectl`).
    #[arg(
        long = "max-program-time",
        value_name = "SECONDS",
        default_value_t = 300,
        hide_short_help = true,
        help_heading = "Limits"
    )]
    pub program: u64,
}

impl Limits {
    /// Returns how much the input may multiply.
    pub(super) fn budgets(&self) -> Budgets {
        let Self { alias_nodes, routes, service_entry, policies, .. } = *self;
        Budgets { alias_nodes, routes, service_entry, policies }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let Budgets { alias_nodes, routes, service_entry, policies } = Budgets::default();
        Self {
            file_size: 256 << 20,
            input_size: 1 << 30,
            files: 100_000,
            alias_nodes,
            routes,
            service_entry,
            policies,
            memory: 1 << 30,
            cpu: 10,
            output_size: 8 << 30,
            program: 300,
        }
    }
}

/// Returns why a file is not read.
pub(super) fn too_large(limit: u64) -> String {
    format!("it is larger than {}; --max-file-size raises the limit", shown(limit))
}

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Spent {
    files: u64,
    bytes: u64,
}

impl Spent {
    /// Counts a file or folder.
    pub(super) fn file(&mut self, limits: &Limits) -> anyhow::Result<()> {
        self.files += 1;
        anyhow::ensure!(
            self.files <= limits.files,
            "the input has more than {} files and folders; --max-files raises the limit",
            limits.files
        );
        Ok(())
    }

    /// Counts what a file holds.
    pub(super) fn bytes(&mut self, bytes: u64, limits: &Limits) -> anyhow::Result<()> {
        self.bytes = self.bytes.saturating_add(bytes);
        anyhow::ensure!(
            self.bytes <= limits.input_size,
            "the files of the input are larger than {} together; --max-input-size raises the limit",
            shown(limits.input_size)
        );
        Ok(())
    }
}

/// Reads `500`, `64K`, `256M`, `1G`, with or without `iB` or `B`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].to_ascii_uppercase().trim_end_matches("IB").trim_end_matches('B') {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return Err("a size is a number with K, M or G".to_owned()),
    };
    let number: u64 = digits.parse().map_err(|_| "a size is a number with K, M or G".to_owned())?;
    Ok(number.saturating_mul(factor))
}

pub(super) fn shown(size: u64) -> String {
    for (factor, unit) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if size >= factor && size.is_multiple_of(factor) {
            return format!("{} {unit}", size / factor);
        }
    }
    format!("{size} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, want) in [
            ("500", Some(500)),
            ("64K", Some(65536)),
            ("2MiB", Some(2 << 20)),
            ("1gb", Some(1 << 30)),
            ("x", None),
            ("1T", None),
        ] {
            assert_eq!(size(text).ok(), want, "{text}");
        }
        assert_eq!([shown(500), shown(3 << 20), shown(1 << 30)], ["500 bytes", "3 MiB", "1 GiB"]);
    }
}
