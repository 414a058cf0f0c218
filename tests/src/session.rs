//! One call of a program and what came of it. Knows processes, pipes and limits; must not know what the program does.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A call of a program, before it is made.
#[derive(Debug)]
pub struct Session {
    command: Command,
}

impl Session {
    /// A call of a program, with nothing on its standard input.
    #[must_use]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("NO_COLOR");
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            command.arg0("tidegate");
        }
        Self { command }
    }

    /// The same program by a shell that does something first, such as setting a limit.
    ///
    /// # Panics
    /// When arguments were given already.
    #[must_use]
    pub fn after(self, script: &str) -> Self {
        assert_eq!(self.command.get_args().len(), 0, "say this before the arguments");
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{script}; exec \"$0\" \"$@\"")]).arg(self.command.get_program());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("NO_COLOR");
        Self { command }
    }

    /// With no more than so much address space.
    #[must_use]
    pub fn within_mib(self, mib: u64) -> Self {
        self.after(&format!("ulimit -v {}", mib * 1_024))
    }

    /// With one more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// With more arguments, as a line of words.
    #[must_use]
    pub fn words(mut self, line: &str) -> Self {
        self.command.args(line.split_whitespace());
        self
    }

    /// In a folder.
    #[must_use]
    pub fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// With a variable of the environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// With its standard output going elsewhere.
    #[must_use]
    pub fn printing_to(mut self, stdout: impl Into<Stdio>) -> Self {
        self.command.stdout(stdout);
        self
    }

    /// Makes the call and waits for its end.
    ///
    /// # Panics
    /// When the program cannot be started, or says what is no text.
    #[must_use]
    pub fn run(mut self) -> Ran {
        let what = format!("{:?}", self.command);
        let Output { status, stdout, stderr } = self.command.output().unwrap_or_else(|error| panic!("{what}: {error}"));
        let text = |bytes| String::from_utf8(bytes).expect("it writes text");
        Ran { what, code: status.code(), out: text(stdout), err: text(stderr) }
    }
}

/// What came of a call.
#[derive(Clone, Debug)]
pub struct Ran {
    what: String,
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub out: String,
    /// What it said on the side.
    pub err: String,
}

impl Ran {
    /// Asserts its exit code, and that no panic was seen.
    ///
    /// # Panics
    /// When it is another.
    #[track_caller]
    pub fn ends(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.told());
        assert!(!self.err.contains("panicked"), "{}", self.told());
        self
    }

    /// Asserts words on standard error.
    ///
    /// # Panics
    /// When they are not there.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.err.contains(words), "expected {words:?} of {}", self.told());
        self
    }

    /// Asserts words on standard output.
    ///
    /// # Panics
    /// When they are not there.
    #[track_caller]
    pub fn prints(&self, words: &str) -> &Self {
        assert!(self.out.contains(words), "expected {words:?} of {}", self.told());
        self
    }

    /// All of it, for messages.
    #[must_use]
    pub fn told(&self) -> String {
        format!("{}\ncode: {:?}\nstdout: {}\nstderr: {}", self.what, self.code, self.out, self.err)
    }
}
