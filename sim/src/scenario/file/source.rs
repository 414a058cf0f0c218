//! Files from the disk, no larger than such files are. Knows limits and what the system says; must not know formats.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use tidegate_core::document::{Problems, Source};
use tidegate_reports::model::Input;

/// The largest scenario, policy or world that is read.
pub const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// Reads a whole file, or says in words why not.
pub(super) fn load(path: &Path) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| cannot(&error))?;
    let metadata = file.metadata().map_err(|error| cannot(&error))?;
    if metadata.is_dir() {
        return Err("is a directory, and a file was expected".to_owned());
    }
    if metadata.len() > MAX_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| cannot(&error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(too_large());
    }
    Ok(bytes)
}

fn cannot(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::NotFound {
        return "does not exist".to_owned();
    }
    format!("cannot be read: {error}")
}

fn too_large() -> String {
    format!("is larger than {} MiB, the most a scenario, policy or world may have", MAX_BYTES / 1024 / 1024)
}

/// What came of a file: where it was, its hash, and its text.
pub(super) struct Loaded {
    /// For the report; its name is still the file's.
    pub(super) input: Input,
    /// The text, or the place where it is none.
    pub(super) source: Result<Source, Problems>,
}

/// Reads a file as text.
pub(super) fn load_text(path: &Path) -> Result<Loaded, String> {
    let bytes = load(path)?;
    let shown = path.display().to_string();
    let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let input = Input { name: stem, path: shown.clone(), sha256: hash(&bytes) };
    Ok(Loaded { input, source: Source::from_bytes(shown, bytes) })
}

/// SHA-256 in hexadecimal digits.
fn hash(bytes: &[u8]) -> String {
    digits(&Sha256::digest(bytes))
}

fn digits(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of the bytes of several files one after the other, however large they are.
///
/// # Errors
/// When one cannot be read.
pub(crate) fn hash_of<'a>(paths: impl Iterator<Item = &'a Path>) -> std::io::Result<String> {
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    for path in paths {
        let mut file = File::open(path)?;
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hasher.update(&buffer[..read]);
        }
    }
    Ok(digits(&hasher.finalize()))
}
