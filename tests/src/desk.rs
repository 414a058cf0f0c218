//! A folder of its own for a test, gone after it. Knows files; must not know what is in them.

use std::path::{Path, PathBuf};

/// A folder for the files of one test. With `TIDEGATE_KEEP=1` it stays, and the test says where.
#[derive(Debug)]
pub struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// An empty one.
    ///
    /// # Panics
    /// When there is no room for temporary files.
    #[must_use]
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// One with the sample scenario, its policy and a trace on it.
    #[must_use]
    pub fn with_sample() -> Self {
        let desk = Self::empty();
        desk.put("scenario.toml", crate::sample::SCENARIO);
        desk.put("policy.toml", crate::sample::POLICY);
        desk
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a file on it, there or not.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file on it, in a folder that need not be there.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, text)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        path
    }

    /// Puts a file of zeros on it, that takes no room on the disk.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put_zeros(&self, name: &str, start: &str, length: u64) -> PathBuf {
        let path = self.put(name, start);
        let file = std::fs::File::options().write(true).open(&path).expect("just written");
        file.set_len(length).expect("a sparse file");
        path
    }

    /// The text of a file on it.
    ///
    /// # Panics
    /// When it is not there.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// A file on it as JSON.
    ///
    /// # Panics
    /// When it is not there, or no JSON.
    #[must_use]
    pub fn json(&self, name: &str) -> serde_json::Value {
        let text = self.text(name);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of all files below a folder on it, by name; hidden ones too.
    #[must_use]
    pub fn names(&self, folder: &str) -> Vec<String> {
        let top = self.path(folder);
        let mut names: Vec<String> = crate::house::walk(&top)
            .iter()
            .map(|path| path.strip_prefix(&top).expect("below it").display().to_string())
            .collect();
        names.sort();
        names
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if std::env::var_os("TIDEGATE_KEEP").is_some() {
            self.folder.disable_cleanup(true);
            eprintln!("kept: {}", self.folder.path().display());
        }
    }
}
