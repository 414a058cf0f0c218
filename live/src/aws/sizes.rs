//! Sizes of Fargate tasks. Knows which pairs of cpu and memory AWS allows; must not know jobs.

use tidegate_core::Need;

/// Memory that goes with a count of cpu units.
enum Memory {
    /// These, in MiB.
    Some(&'static [u32]),
    /// From, to and step, in GiB.
    Steps(u32, u32, u32),
}

/// Task sizes on Fargate for Linux: "Task CPU and memory", Amazon ECS Developer Guide, Fargate task definition
/// differences. 1,024 cpu units are one vCPU.
const SIZES: [(u32, Memory); 7] = [
    (256, Memory::Some(&[512, 1_024, 2_048])),
    (512, Memory::Steps(1, 4, 1)),
    (1_024, Memory::Steps(2, 8, 1)),
    (2_048, Memory::Steps(4, 16, 1)),
    (4_096, Memory::Steps(8, 30, 1)),
    (8_192, Memory::Steps(16, 60, 4)),
    (16_384, Memory::Steps(32, 120, 8)),
];

/// The smallest allowed pair of cpu units and MiB that is enough; `None`: no task is that large.
pub(crate) fn size_of(need: &Need) -> Option<(u32, u32)> {
    let cpu = (u64::from(need.vcpu_milli) * 1_024).div_ceil(1_000);
    let enough = SIZES.iter().filter(|(units, _)| u64::from(*units) >= cpu);
    enough.filter_map(|(units, memory)| Some((*units, memory.at_least(need.memory_mib)?))).next()
}

impl Memory {
    fn at_least(&self, mib: u32) -> Option<u32> {
        match self {
            Self::Some(list) => list.iter().copied().find(|size| *size >= mib),
            Self::Steps(from, to, step) => {
                (*from..=*to).step_by(*step as usize).map(|gib| gib * 1_024).find(|size| *size >= mib)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_gets_the_smallest_pair_that_is_enough() {
        for (vcpu_milli, memory_mib, size) in [
            (2_000, 4_096, Some((2_048, 4_096))),
            (250, 512, Some((256, 512))),
            (250, 3_000, Some((512, 3_072))),
            (300, 512, Some((512, 1_024))),
            (2_000, 1_024, Some((2_048, 4_096))),
            (4_000, 30_721, Some((8_192, 32_768))),
            (8_000, 17_000, Some((8_192, 20_480))),
            (16_000, 122_880, Some((16_384, 122_880))),
            (16_001, 4_096, None),
            (1_000, 200_000, None),
        ] {
            let need = Need { vcpu_milli, memory_mib, ..Need::default() };
            assert_eq!(size_of(&need), size, "{vcpu_milli} thousandths of a vCPU, {memory_mib} MiB");
        }
    }
}
