//! Reads a policy and a world that no scenario names: the command line does. Knows files; must not know scenarios.

use super::{ReadError, source};
use crate::world::file as worlds;
use crate::world::spec::WorldSpec;
use std::path::Path;
use tidegate_core::document::{Problems, Source};
use tidegate_core::policy::{Policy, file as policies};
use tidegate_reports::model::Input;

/// Reads a policy file and the world that it is to be tried in: a shipped one by its name, a file, or `aws` by default.
///
/// # Errors
/// The mistakes of the policy, or those of the world, or what the policy's regions lack in the world.
pub fn policy_and_world(policy: &Path, world: Option<&Path>) -> Result<(Policy, Input, WorldSpec), ReadError> {
    let (read, input) = file(policy, policies::read)?;
    let regions: Vec<&str> = read.regions.iter().map(|region| region.name.as_str()).collect();
    let shipped = |name: &str| worlds::SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, world)| *world);
    let world = match world.map(|path| (path, path.to_str().and_then(shipped))) {
        None => worlds::Shipped::Aws.world(&regions),
        Some((_, Some(shipped))) => shipped.world(&regions),
        Some((path, None)) => file(path, |source| worlds::read(source, &regions))?.0,
    };
    let lacks = worlds::lacks(&world, &regions);
    if lacks.is_empty() {
        return Ok((read, input, world));
    }
    let lacks: Vec<String> = lacks.into_iter().map(|(message, help)| format!("{message}; {help}")).collect();
    Err(ReadError::File { path: input.path, message: lacks.join("\n  ") })
}

fn file<T>(path: &Path, read: impl FnOnce(&Source) -> Result<T, Problems>) -> Result<(T, Input), ReadError> {
    let loaded =
        source::load_text(path).map_err(|message| ReadError::File { path: path.display().to_string(), message })?;
    let value = loaded.source.and_then(|source| read(&source)).map_err(ReadError::Problems)?;
    Ok((value, loaded.input))
}
