//! Fargate's quotas beside what a policy lets a region run. Knows Service Quotas and its codes; must not know what a doctor
//! makes of it.

use super::sizes::size_of;
use super::{Sdk, words};
use crate::config::{Config, Runner};
use aws_sdk_servicequotas::Client;
use tidegate_core::Policy;
use tidegate_core::id::RegionId;
use tidegate_core::policy::Region;

/// Fargate's own quotas (Service Quotas, service `fargate`): vCPUs at once in an account and region, on demand and on spot
/// apart. A new account has 6 of each (facts.md).
const QUOTAS: [(&str, &str, bool); 2] = [
    ("Fargate On-Demand vCPU resource count", "L-3032A538", false),
    ("Fargate Spot vCPU resource count", "L-36FBB829", true),
];

/// A quota, and whether it is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Quota {
    /// It holds all that the policy lets run at once.
    Enough(String),
    /// It does not.
    Short(String),
    /// It cannot be read.
    Unread(String),
}

/// Every quota of the own region that matters to it, with its name; those of spot only where spot is used.
pub(crate) async fn quotas(sdk: &Sdk, config: &Config, policy: &Policy, me: RegionId) -> Vec<(String, Quota)> {
    let (client, region) = (sdk.servicequotas(me), policy.region(me));
    let mut found = Vec::new();
    for (name, code, spot) in QUOTAS {
        if spot && !(region.spot && config.runners.iter().any(|runner| runner.need.spot)) {
            continue;
        }
        let quota = match read(&client, code).await {
            Ok(vcpus) => compare(vcpus, region, config, spot),
            Err(error) => Quota::Unread(error),
        };
        found.push((format!("{name} in {}", region.name), quota));
    }
    found
}

/// What the account has; what every account has where nobody ever asked for more.
async fn read(quotas: &Client, code: &str) -> Result<f64, String> {
    let own = quotas.get_service_quota().service_code("fargate").quota_code(code).send().await;
    let value = match own {
        Ok(answer) => answer.quota().and_then(|quota| quota.value()),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_resource_exception()) => {
            let all = quotas.get_aws_default_service_quota().service_code("fargate").quota_code(code).send().await;
            all.map_err(|error| words(&error))?.quota().and_then(|quota| quota.value())
        }
        Err(error) => return Err(words(&error)),
    };
    value.ok_or_else(|| "AWS tells no value".to_owned())
}

/// vCPUs of a runner's task, and of all its tasks that the policy lets run at once. Fargate counts the sizes that are launched,
/// the policy what the runners ask for: a limit of 6 lets four runners of 1.5 run, and they use 8.
fn vcpus(runner: &Runner, region: &Region) -> Option<(f64, f64)> {
    let each = size_of(&runner.need).map(|(cpu, _)| f64::from(cpu) / 1_024.0)?;
    let limited = region.max_vcpu_milli.map(|limit| limit / u64::from(runner.need.vcpu_milli.max(1)));
    let runners = limited.unwrap_or(u64::MAX).min(region.max_runners.into());
    Some((each, each * runners as f64))
}

fn compare(allowed: f64, region: &Region, config: &Config, spot: bool) -> Quota {
    let used = config.runners.iter().filter(|runner| !spot || runner.need.spot);
    let mut sizes: Vec<(f64, f64)> = used.filter_map(|runner| vcpus(runner, region)).collect();
    sizes.sort_by(|a, b| a.1.total_cmp(&b.1));
    let (least, least_all) = sizes.first().copied().unwrap_or_default();
    let (most, most_all) = sizes.last().copied().unwrap_or_default();
    let name = &region.name;
    let runners = match region.max_vcpu_milli {
        None => format!("{} runners (maxRunners)", region.max_runners),
        Some(limit) => format!("what maxRunners ({}) and maxVcpu ({}) allow", region.max_runners, limit as f64 / 1e3),
    };
    if most_all <= allowed {
        return Quota::Enough(format!("{allowed} vCPUs; {runners}: {most_all} at most"));
    }
    let change = format!("have it raised (Service Quotas), or set maxRunners or maxVcpu of {name} to what it holds");
    if least_all <= allowed {
        // Enough for small runners alone: what runs together is not known here.
        return Quota::Enough(format!(
            "{allowed} vCPUs are enough for {runners} with {least} each, not with {most}; if many of those run, {change}"
        ));
    }
    Quota::Short(format!("{allowed} vCPUs, too few for {runners}: {least_all}; {change}"))
}

#[cfg(test)]
mod tests {
    use super::super::replay;
    use super::*;
    use serde_json::{Value, json};
    use tidegate_core::Need;

    const ME: RegionId = RegionId(0);

    /// The quotas that the doctor is told of, from what AWS answers to each code of its own and of everybody's.
    async fn asked(
        maximum: u32,
        max_vcpu_milli: Option<u64>,
        needs: &[Need],
        answer: impl Fn(&str, &str) -> (u16, Value) + Send + Sync + 'static,
    ) -> Vec<(String, Quota)> {
        let (url, _) = replay::start(move |operation, body, _| {
            assert_eq!(body["ServiceCode"], "fargate");
            answer(operation, body["QuotaCode"].as_str().expect("a code"))
        })
        .await;
        let mut config = replay::config("us-east-1", &url);
        let runner = config.runners[0].clone();
        config.runners = needs.iter().map(|need| Runner { need: *need, ..runner.clone() }).collect();
        let mut region = Region::new("us-east-1", 1);
        (region.max_runners, region.max_vcpu_milli) = (maximum, max_vcpu_milli);
        let policy = Policy::of_regions(vec![region]);
        let sdk = Sdk::of_base(replay::sdk(), &config, &policy);
        quotas(&sdk, &config, &policy, ME).await
    }

    fn value(value: f64) -> (u16, Value) {
        (200, json!({ "Quota": { "Value": value } }))
    }

    fn need(vcpu_milli: u32, spot: bool) -> Need {
        Need { vcpu_milli, memory_mib: 4_096, spot, ..Need::default() }
    }

    // Broken: the size of a runner is taken for vCPUs as it stands, or the vCPUs of one runner for those of all.
    #[tokio::test]
    async fn a_new_account_s_quota_is_too_small_and_the_doctor_says_for_what() {
        let found = asked(80, None, &[need(1_500, false)], |_, _| value(6.0)).await;
        let [(name, Quota::Short(told))] = &found[..] else { panic!("{found:?}") };
        assert_eq!(name, "Fargate On-Demand vCPU resource count in us-east-1");
        assert!(told.starts_with("6 vCPUs, too few for 80 runners (maxRunners): 160;"), "{told}");
        let enough = asked(80, None, &[need(1_500, false)], |_, _| value(160.0)).await;
        assert!(matches!(&enough[..], [(_, Quota::Enough(_))]), "{enough:?}");
    }

    // Broken: `maxVcpu`, which the policy holds itself to, is not looked at.
    #[tokio::test]
    async fn a_limit_on_vcpus_in_the_policy_is_what_counts() {
        let found = asked(80, Some(6_000), &[need(2_000, false)], |_, _| value(6.0)).await;
        assert!(matches!(&found[..], [(_, Quota::Enough(_))]), "{found:?}");
        for (limit, each) in [(8_000, 2_000), (6_000, 1_500)] {
            let found = asked(80, Some(limit), &[need(each, false)], |_, _| value(6.0)).await;
            assert!(matches!(&found[..], [(_, Quota::Short(_))]), "{limit} of {each}: {found:?}");
        }
    }

    // Broken: spot's quota is never asked for, or counts runners that never use it.
    #[tokio::test]
    async fn spot_has_its_own_quota_where_runners_use_it() {
        let both = [need(8_000, false), need(2_000, true)];
        let found =
            asked(10, None, &both, |_, code| if code == "L-36FBB829" { value(19.0) } else { value(80.0) }).await;
        let [(_, Quota::Enough(_)), (name, Quota::Short(told))] = &found[..] else { panic!("{found:?}") };
        assert!(name.contains("Spot") && told.contains(": 20;"), "{name}: {told}");
    }

    // Broken: large runners that cannot all run are not spoken of.
    #[tokio::test]
    async fn what_holds_small_runners_alone_is_told_so() {
        let found = asked(10, None, &[need(2_000, false), need(8_000, false)], |_, _| value(40.0)).await;
        let [(_, Quota::Enough(told))] = &found[..] else { panic!("{found:?}") };
        assert!(told.contains("with 2 each, not with 8"), "{told}");
    }

    // Broken: what nobody ever asked to have raised counts as unread; or what may not be read counts as enough.
    #[tokio::test]
    async fn the_default_counts_where_there_is_nothing_else_and_a_refusal_is_told() {
        let none = (400, json!({ "__type": "NoSuchResourceException", "Message": "none" }));
        let answer = move |operation: &str, _: &str| match operation {
            "GetServiceQuota" => none.clone(),
            _ => value(6.0),
        };
        let found = asked(4, None, &[need(2_000, false)], answer).await;
        assert!(matches!(&found[..], [(_, Quota::Short(_))]), "{found:?}");
        let denied = |_: &str, _: &str| (400, json!({ "__type": "AccessDeniedException", "Message": "not you" }));
        let found = asked(4, None, &[need(2_000, false)], denied).await;
        let [(_, Quota::Unread(told))] = &found[..] else { panic!("{found:?}") };
        assert!(told.contains("not you"), "{told}");
    }
}
