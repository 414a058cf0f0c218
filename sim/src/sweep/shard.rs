//! A share of a sweep's points, given or read from the variables of a scheduler's array job. Knows AWS Batch, Kubernetes and
//! Slurm by their variables; must not read the environment itself.

/// How many shards there are, for schedulers that tell a task its number alone; it wins over what they tell.
pub const COUNT_VARIABLE: &str = "TIDEGATE_SHARD_COUNT";

/// The most shards of a sweep: as many as it may have points.
const MOST: u32 = 100_000;

/// A share of the points: those whose number leaves `index` when divided by `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// Which, from 0.
    pub index: u32,
    /// Of how many.
    pub count: u32,
}

/// A shard as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// By number.
    Given(Shard),
    /// By the environment: see [`Shard::of_environment`].
    Auto,
}

impl Asked {
    /// `I/N` or `auto`.
    ///
    /// # Errors
    /// When it is neither, in words with what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let (index, count) = text.split_once('/').unwrap_or((text, ""));
        match (index.trim().parse(), count.trim().parse()) {
            (Ok(index), Ok(count)) => Shard::new(index, count).map(Self::Given),
            _ => Err(format!("`{text}`: expected I/N, such as 0/8 for the first of eight, or auto")),
        }
    }
}

impl Shard {
    /// All points.
    pub const ALL: Self = Self { index: 0, count: 1 };

    fn new(index: u32, count: u32) -> Result<Self, String> {
        if !(1..=MOST).contains(&count) {
            return Err(format!("{count} shards: expected 1 to {MOST}"));
        }
        if index >= count {
            return Err(format!("shard {index} of {count}: they count from 0, expected 0 to {}", count - 1));
        }
        Ok(Self { index, count })
    }

    /// The shard of this task of an array job. AWS Batch tells index and size. Slurm tells the task's number, and the
    /// lowest, the step and the count of the numbers of the array. Kubernetes tells an indexed job's pod its index alone:
    /// the count is to be given as [`COUNT_VARIABLE`].
    ///
    /// # Errors
    /// When no scheduler or more than one is found, or what they tell makes no sense.
    pub fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let number = |name: &str| match variable(name).filter(|text| !text.is_empty()) {
            Some(text) => {
                text.parse::<u32>().map(Some).map_err(|_| format!("{name}=`{text}`: expected a whole number"))
            }
            None => Ok(None),
        };
        let count = number(COUNT_VARIABLE)?;
        let found = ["AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX", "SLURM_ARRAY_TASK_ID"]
            .map(|name| (name, number(name)));
        let mut told = Vec::new();
        for (name, index) in found {
            told.extend(index?.map(|index| (name, index)));
        }
        let [(name, index)] = told[..] else { return Err(none_or_several(&told)) };
        if let Some(count) = count {
            return Self::new(index, count).map_err(|error| format!("{name} and {COUNT_VARIABLE}: {error}"));
        }
        let needed = |of: &str| {
            number(of)?
                .ok_or_else(|| format!("{name} is there and {of} is not: set {COUNT_VARIABLE} to the number of tasks"))
        };
        match name {
            "AWS_BATCH_JOB_ARRAY_INDEX" => Self::new(index, needed("AWS_BATCH_JOB_ARRAY_SIZE")?),
            "SLURM_ARRAY_TASK_ID" => {
                let (lowest, count) = (needed("SLURM_ARRAY_TASK_MIN")?, needed("SLURM_ARRAY_TASK_COUNT")?);
                let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
                let (highest, place) = (needed("SLURM_ARRAY_TASK_MAX")?, index.wrapping_sub(lowest));
                let even = index >= lowest && place.is_multiple_of(step) && highest == lowest + (count.max(1) - 1) * step;
                if !even {
                    return Err(format!(
                        "the numbers of the Slurm array are not evenly spaced, so that a task cannot tell which it is: write \
                         --array=0-{}, or set {COUNT_VARIABLE}",
                        count.max(1) - 1
                    ));
                }
                Self::new(place / step, count)
            }
            _ => Err(format!("Kubernetes tells a pod its index and not their number: set {COUNT_VARIABLE} to the job's completions")),
        }
        .map_err(|error| if error.contains(name) { error } else { format!("{name}: {error}") })
    }

    /// Whether a point is one of its own.
    #[must_use]
    pub const fn takes(self, point: u32) -> bool {
        point % self.count == self.index
    }
}

fn none_or_several(told: &[(&str, u32)]) -> String {
    if told.is_empty() {
        return "--shard auto finds no array job: none of AWS_BATCH_JOB_ARRAY_INDEX (AWS Batch), JOB_COMPLETION_INDEX \
                (Kubernetes) and SLURM_ARRAY_TASK_ID (Slurm) is set; write --shard 0/8 for the first of eight"
            .to_owned();
    }
    let names: Vec<&str> = told.iter().map(|(name, _)| *name).collect();
    format!("--shard auto finds {}: which is meant? Write --shard I/N", names.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> Result<Shard, String> {
        Shard::of_environment(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).to_owned())
        })
    }

    const SLURM: [&str; 5] = [
        "SLURM_ARRAY_TASK_ID",
        "SLURM_ARRAY_TASK_MIN",
        "SLURM_ARRAY_TASK_MAX",
        "SLURM_ARRAY_TASK_STEP",
        "SLURM_ARRAY_TASK_COUNT",
    ];

    fn slurm(values: [&str; 5]) -> Result<Shard, String> {
        of(&SLURM.into_iter().zip(values).collect::<Vec<_>>())
    }

    #[test]
    fn each_scheduler_is_understood() {
        let third = Ok(Shard { index: 3, count: 8 });
        assert_eq!(of(&[("AWS_BATCH_JOB_ARRAY_INDEX", "3"), ("AWS_BATCH_JOB_ARRAY_SIZE", "8")]), third);
        assert_eq!(of(&[("JOB_COMPLETION_INDEX", "3"), (COUNT_VARIABLE, "8")]), third);
        assert_eq!(slurm(["3", "0", "7", "1", "8"]), third);
        assert_eq!(slurm(["4", "1", "8", "1", "8"]), third, "--array=1-8");
        assert_eq!(slurm(["16", "10", "24", "2", "8"]), third, "--array=10-24:2");
    }

    #[test]
    fn what_does_not_tell_the_shard_is_refused_with_what_would() {
        assert!(of(&[]).expect_err("nothing").contains("write --shard 0/8"));
        let both = of(&[("JOB_COMPLETION_INDEX", "3"), ("SLURM_ARRAY_TASK_ID", "3")]);
        assert!(both.expect_err("two").contains("JOB_COMPLETION_INDEX and SLURM_ARRAY_TASK_ID: which is meant?"));
        assert!(of(&[("JOB_COMPLETION_INDEX", "3")]).expect_err("no count").contains("set TIDEGATE_SHARD_COUNT"));
        assert!(of(&[("AWS_BATCH_JOB_ARRAY_INDEX", "x")]).expect_err("no number").contains("expected a whole number"));
        assert!(
            of(&[("AWS_BATCH_JOB_ARRAY_INDEX", "1")]).expect_err("no size").contains("AWS_BATCH_JOB_ARRAY_SIZE is not")
        );
        // --array=1,2,9: the second task cannot tell that it is the second.
        assert!(slurm(["2", "1", "9", "1", "3"]).expect_err("uneven").contains("write --array=0-2"));
        let late = of(&[("JOB_COMPLETION_INDEX", "8"), (COUNT_VARIABLE, "8")]).expect_err("one too far");
        assert!(late.contains("expected 0 to 7"), "{late}");
    }

    #[test]
    fn a_shard_given_counts_from_zero_and_shards_share_all_points() {
        assert_eq!(Asked::parse("3/8"), Ok(Asked::Given(Shard { index: 3, count: 8 })));
        assert_eq!(Asked::parse("auto"), Ok(Asked::Auto));
        let said = |text| Asked::parse(text).expect_err("no shard");
        assert!(said("8/8").contains("they count from 0, expected 0 to 7"));
        assert!(said("3").contains("expected I/N") && said("a/b").contains("or auto") && said("0/0").contains("1 to"));
        for point in 0..100 {
            assert_eq!((0..7).filter(|index| Shard { index: *index, count: 7 }.takes(point)).count(), 1);
        }
    }
}
