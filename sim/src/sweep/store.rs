//! Where results are kept: names and bytes. Knows folders; must not know what is kept.

use crate::output;
use std::path::{Path, PathBuf};

/// Something that could not be kept or be read again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// A place for results. A name is put whole or not at all.
pub trait Store: Sync {
    /// Whether anything can be kept there, before there is anything to keep.
    ///
    /// # Errors
    /// When it cannot.
    fn probe(&self) -> Result<(), StoreError>;

    /// Keeps bytes under a name, over what was there.
    ///
    /// # Errors
    /// When they cannot be kept.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError>;

    /// What is kept under a name; `None` when nothing is.
    ///
    /// # Errors
    /// When it is there and cannot be read, or nobody can tell.
    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// The names below a folder, without it, in order; those of its own folders are not among them. An empty name is the
    /// place itself.
    ///
    /// # Errors
    /// When they cannot be read.
    fn names(&self, folder: &str) -> Result<Vec<String>, StoreError>;

    /// Where a name is, for people.
    fn place(&self, name: &str) -> String;
}

/// A folder on this machine.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at a path, which is made when something is put there.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl Store for Folder {
    fn probe(&self) -> Result<(), StoreError> {
        output::probe(&self.0).map_err(|error| StoreError(error.to_string()))
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        output::write_whole(&self.0.join(name), bytes).map_err(|error| StoreError(error.to_string()))
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match std::fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError(format!("cannot read {}: {error}", self.place(name)))),
        }
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let fail = |error| StoreError(format!("cannot read {}: {error}", self.place(folder)));
        let entries = match std::fs::read_dir(self.0.join(folder)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(fail(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(fail)?;
            if entry.path().is_file() {
                names.extend(entry.file_name().into_string().ok());
            }
        }
        names.sort();
        Ok(names)
    }

    fn place(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_can_be_listed_and_got() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Folder::new(&folder.path().join("new"));
        assert_eq!(store.names("points").expect("none yet"), Vec::<String>::new());
        for name in ["points/b", "points/a", "points/below/c"] {
            store.put(name, name.as_bytes()).expect("room");
        }
        assert_eq!(store.names("points").expect("two"), ["a", "b"]);
        assert_eq!(store.get("points/a").expect("there").as_deref(), Some(&b"points/a"[..]));
        assert!(store.get("points/z").expect("nobody").is_none());
        let error = store.get("points/below").expect_err("a folder");
        assert!(error.to_string().contains("cannot read"), "{error}");
    }
}
