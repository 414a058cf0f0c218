//! The folder of a report: each file whole or not at all. Knows files; must not know what is in them.

use crate::world::JobRow;
use std::io::Write;
use std::path::{Path, PathBuf};
use tidegate_core::Timestamp;
use tidegate_reports::model::Report;
use tidegate_reports::tune::Tuned;
use tidegate_reports::{chart, export, html};

/// A file that could not be written: an environment failure, exit code 3.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}; is there room, and may you write there?", path.display())]
pub struct WriteError {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
}

/// Writes a file whole: to a temporary file beside it, which then takes its name.
///
/// # Errors
/// When the folder or the file cannot be written; nothing half written is left.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let fail = |source| WriteError { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(fail)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    // Readable by whoever may read the folder, as an ordinary new file is.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(open).map_err(fail)?;
    }
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

/// Writes everything of a report into a folder; gives the path of its page.
///
/// # Errors
/// When a file cannot be written.
pub fn write_report(folder: &Path, report: &Report) -> Result<PathBuf, WriteError> {
    let page = folder.join("index.html");
    write_whole(&folder.join("summary.json"), export::json::summary_json(&report.summary).as_bytes())?;
    write_whole(&folder.join("series.csv"), export::csv::series_csv(&report.series).as_bytes())?;
    let objectives = export::csv::objectives_csv(&report.summary.objectives);
    write_whole(&folder.join("objectives.csv"), objectives.as_bytes())?;
    for (name, svg) in chart::all(report) {
        write_whole(&folder.join("charts").join(name), svg.as_bytes())?;
    }
    write_whole(&page, html::page(report).as_bytes())?;
    Ok(page)
}

/// Writes the evidence of a search into a folder; gives the path of its page.
///
/// # Errors
/// When a file cannot be written.
pub fn write_tuned(folder: &Path, tuned: &Tuned) -> Result<PathBuf, WriteError> {
    let page = folder.join("index.html");
    write_whole(&folder.join("tune.json"), export::tune::tune_json(tuned).as_bytes())?;
    write_whole(&folder.join("tune.csv"), export::tune::tune_csv(tuned).as_bytes())?;
    for (name, svg) in chart::of_tuned(tuned) {
        write_whole(&folder.join("charts").join(name), svg.as_bytes())?;
    }
    write_whole(&page, html::tuned_page(tuned).as_bytes())?;
    Ok(page)
}

/// `jobs.csv` of the first run, by job.
#[must_use]
pub fn jobs_csv(rows: &[JobRow], regions: &[String]) -> Vec<u8> {
    let mut rows: Vec<&JobRow> = rows.iter().collect();
    rows.sort_by_key(|row| row.job);
    let mut out = csv::Writer::from_writer(Vec::new());
    let header = [
        "job",
        "external_id",
        "load",
        "run",
        "home",
        "region",
        "reason",
        "attempts",
        "queued_at",
        "started_at",
        "ended_at",
        "outcome",
    ];
    let time = |at: Option<Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    out.write_record(header).expect("a vector takes all");
    for row in rows {
        let record = [
            row.job.to_string(),
            row.external_id.to_string(),
            row.load.to_string(),
            row.run.to_string(),
            regions[row.home.index()].clone(),
            row.region.map_or_else(String::new, |region| regions[region.index()].clone()),
            format!("{:?}", row.reason).to_lowercase(),
            row.attempts.to_string(),
            time(Some(row.queued_at)),
            time(row.started_at),
            time(row.ended_at),
            row.outcome.to_owned(),
        ];
        out.write_record(&record).expect("a vector takes all");
    }
    out.into_inner().expect("a vector flushes")
}

/// Whether a folder can be made and written to; leaves nothing in it.
///
/// # Errors
/// When it cannot.
pub fn probe(folder: &Path) -> Result<(), WriteError> {
    let fail = |source| WriteError { path: folder.to_owned(), source };
    std::fs::create_dir_all(folder).map_err(fail)?;
    tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    Ok(())
}
