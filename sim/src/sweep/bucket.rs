//! Results of sweeps in S3, or in what speaks its protocol. Knows buckets and prefixes; must not know what is kept.
//!
//! Region, endpoint and credentials come from the variables that AWS's own tools read, or from the role of the task, pod or
//! machine. A file of profiles is not read: scheduled jobs have roles.

use super::Fail;
use super::store::{Store, StoreError};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt};
use std::future::Future;
use tokio::runtime::{Builder, Runtime};

/// A prefix of a bucket.
#[derive(Debug)]
pub struct Bucket {
    address: String,
    prefix: String,
    s3: AmazonS3,
    /// With a thread of its own, so that connections are looked after while nobody waits for them.
    runtime: Runtime,
}

impl Bucket {
    /// The prefix at `s3://BUCKET/PREFIX`.
    ///
    /// # Errors
    /// When the address is none, or the variables of the environment make no sense.
    pub fn new(address: &str) -> Result<Self, Fail> {
        let fail = |why: String| Fail::Input(format!("{address}: {why}"));
        let (bucket, prefix) = parts(address).ok_or_else(|| fail("expected s3://BUCKET/PREFIX".to_owned()))?;
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        // An endpoint without TLS is one that somebody named on purpose: an emulator, or a store in the same network.
        let endpoints = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint];
        let endpoint = endpoints.iter().find_map(|key| builder.get_config_value(key));
        builder = builder.with_allow_http(endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")));
        let s3 = builder.build().map_err(|error| fail(error.to_string()))?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| StoreError(format!("cannot start a runtime for S3: {error}")))?;
        Ok(Self { address: address.trim_end_matches('/').to_owned(), prefix: prefix.to_owned(), s3, runtime })
    }

    fn path(&self, name: &str) -> Path {
        Path::from(format!("{}/{name}", self.prefix).trim_matches('/'))
    }

    fn wait<T>(
        &self,
        what: &str,
        name: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<Option<T>, StoreError> {
        match self.runtime.block_on(work) {
            Ok(value) => Ok(Some(value)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(StoreError(format!("cannot {what} {}: {}", self.place(name), whole(&error)))),
        }
    }
}

impl Store for Bucket {
    fn probe(&self) -> Result<(), StoreError> {
        self.put("probe", b"")
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.path(name);
        let put = self.wait("write", name, self.s3.put(&path, bytes.to_vec().into()))?;
        put.map(drop).ok_or_else(|| StoreError(format!("cannot write {}: there is no such bucket", self.place(name))))
    }

    fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.path(name);
        let bytes = self.wait("read", name, async { self.s3.get(&path).await?.bytes().await })?;
        Ok(bytes.map(|bytes| bytes.to_vec()))
    }

    fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let path = self.path(folder);
        let listed = self.wait("list", folder, self.s3.list_with_delimiter(Some(&path)))?;
        let objects = listed.map(|listed| listed.objects).unwrap_or_default();
        let mut names: Vec<String> =
            objects.iter().filter_map(|object| object.location.filename()).map(str::to_owned).collect();
        names.sort();
        Ok(names)
    }

    fn place(&self, name: &str) -> String {
        if name.is_empty() { self.address.clone() } else { format!("{}/{name}", self.address) }
    }
}

/// Bucket and prefix of an address.
fn parts(address: &str) -> Option<(&str, &str)> {
    let rest = address.strip_prefix("s3://")?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    (!bucket.is_empty()).then(|| (bucket, prefix.trim_matches('/')))
}

/// An error with its causes, which say more than it does.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text += &format!(": {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bucket_and_may_have_a_prefix() {
        assert_eq!(parts("s3://b/a/c/"), Some(("b", "a/c")));
        assert_eq!(parts("s3://b"), Some(("b", "")));
        assert_eq!((parts("s3:/b"), parts("s3:///a")), (None, None));
    }
}
