//! Label classes: sets of runner labels as text. Knows labels; must not know jobs.

use crate::scenario::Load;
pub use tidegate_core::policy::file::class_text as class_of;
use tidegate_core::unit::{Arch, Need};

/// The text of a load's label class, for reports. A load without labels gets those of its need, such as
/// `2cpu,linux,self-hosted,x64`.
#[must_use]
pub fn class_text(load: &Load) -> String {
    if load.labels.is_empty() { class_of(&default_labels(load.need)) } else { class_of(&load.labels) }
}

/// Labels that tell runners of different needs apart, because GitHub gives a job to any runner with its labels.
/// Memory is named where it is not 2 GiB for each vCPU.
fn default_labels(need: Need) -> Vec<String> {
    let arch = match need.arch {
        Arch::Arm => "arm64",
        Arch::X86 => "x64",
    };
    let mut labels = vec!["self-hosted".to_owned(), "linux".to_owned(), arch.to_owned()];
    labels.push(format!("{}cpu", f64::from(need.vcpu_milli) / 1_000.0));
    if u64::from(need.memory_mib) * 1_000 != u64::from(need.vcpu_milli) * 2_048 {
        labels.push(format!("{}gb", f64::from(need.memory_mib) / 1_024.0));
    }
    if need.spot {
        labels.push("spot".to_owned());
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_needs_have_different_classes() {
        let usual = Need::default();
        let text = |need| class_of(&default_labels(need));
        assert_eq!(text(usual), "2cpu,linux,self-hosted,x64");
        assert_eq!(text(Need { memory_mib: 16_384, ..usual }), "16gb,2cpu,linux,self-hosted,x64");
        assert_eq!(text(Need { spot: true, ..usual }), "2cpu,linux,self-hosted,spot,x64");
        let small = Need { vcpu_milli: 250, memory_mib: 512, arch: Arch::Arm, spot: false };
        assert_eq!(text(small), "0.25cpu,arm64,linux,self-hosted");
        assert_eq!(class_of(&["b", "a", "b"]), "a,b");
    }
}
