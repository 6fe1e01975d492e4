//! Every check: its number, what it means, and what `--repair` does about it. Numbers are never given twice.

/// Whether a finding is something wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something is wrong.
    Finding,
    /// Worth knowing; the instance is sound.
    Note,
}

impl Severity {
    /// For programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Note => "note",
        }
    }
}

/// One of the checks.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// Its number: `F01`.
    pub code: &'static str,
    /// Its name: `object-missing`.
    pub name: &'static str,
    /// Whether it finds something wrong.
    pub severity: Severity,
    /// What it means, and what to do.
    pub meaning: &'static str,
    /// What `--repair` does about it; nothing where it is empty.
    pub repair: &'static str,
}

macro_rules! checks {
    ($($constant:ident: $code:literal $name:literal $severity:ident, $meaning:literal, $repair:literal;)+) => {
        $(
            #[doc = $meaning]
            pub static $constant: Check = Check {
                code: $code, name: $name, severity: Severity::$severity, meaning: $meaning, repair: $repair,
            };
        )+
        /// All of them, by their number.
        pub static CHECKS: &[&Check] = &[$(&$constant),+];
    };
}

checks! {
    OBJECT_MISSING: "F01" "object-missing" Finding,
        "a version's file is not in the store; put it back from a backup under this key, or upload the file again",
        "takes the file from an identical object of the same owner, where there is one";
    OBJECT_SIZE: "F02" "object-size" Finding,
        "a file has another size than its row says, so it is not whole; put it back from a backup",
        "as F01";
    OBJECT_CHECKSUM: "F03" "object-checksum" Finding,
        "a file holds other bytes than were uploaded; put it back from a backup",
        "as F01";
    OBJECT_ORPHAN: "F04" "object-orphan" Finding,
        "an object of ours that no row knows: of a database that was restored to an earlier time, or moved away",
        "deletes it";
    INTENT_STUCK: "F05" "intent-stuck" Finding,
        "an upload was broken off and nobody has swept it away; does serve or worker run?",
        "sweeps";
    RELEASE_STUCK: "F06" "release-stuck" Finding,
        "an object that nobody needs is still there; does serve or worker run, can it delete from the store?",
        "sweeps";
    VERSION_UNLEDGERED: "F07" "version-unledgered" Finding,
        "a version names an object that the ledger does not have as stored, so the sweeper might take it",
        "enters it into the ledger";
    OBJECT_UNNAMED: "F08" "object-unnamed" Finding,
        "the ledger keeps an object that neither a version nor an export names any more",
        "releases it to the sweeper";
    DOCUMENT_DIFFERS: "F09" "document-differs" Finding,
        "a document says something else of its file than its current version does",
        "takes over what the version says";
    CURRENT_VERSION_MISSING: "F10" "current-version-missing" Finding,
        "a document calls a version current that is not there",
        "makes the newest version the current one";
    PAGES_DIFFER: "F11" "pages-differ" Finding,
        "a version has another number of pages than rows for them",
        "reads the pages anew from the file, where its checksum is right";
    PAGES_OF_FILE: "F12" "pages-of-file" Finding,
        "a version has another number of pages than its file",
        "as F11";
    SHARE_ORPHAN: "F13" "share-orphan" Finding,
        "a share, its token or its use is left of a document that is gone",
        "deletes it";
    ROW_ORPHAN: "F14" "row-orphan" Finding,
        "rows are left of a document that is gone, as after a restore without foreign keys; restore the document, or delete them",
        "";
    QUEUE_ORPHAN: "F15" "queue-orphan" Finding,
        "live work whose job is gone or has ended",
        "deletes it";
    JOB_STRANDED: "F16" "job-stranded" Finding,
        "a job waits, and no worker will ever find it",
        "puts it back into the queue";
    EXPORT_MISSING: "F17" "export-missing" Finding,
        "an export's file is not in the store; make the export again",
        "";
    EXPORT_UNLEDGERED: "F18" "export-unledgered" Finding,
        "an export names a file that the ledger does not have as stored, so the sweeper might take it",
        "enters it into the ledger";
    TRASH_OVERDUE: "F19" "trash-overdue" Finding,
        "a document's time in the trash is over and nobody has purged it; does serve or worker run?",
        "sweeps";
    USAGE_DIFFERS: "F20" "usage-differs" Finding,
        "what counts against an owner's quota is not what they keep",
        "counts anew";
    UPLOAD_EXPIRED: "F21" "upload-expired" Finding,
        "a resumable upload that nobody goes on with has not been swept away; does serve or worker run?",
        "sweeps";
    FIELDS_DIFFER: "F22" "fields-differ" Finding,
        "a document is not found, or wrongly found, by its tags or metadata: the index of them is not what the document says",
        "makes the index of the document anew";
    ZONE_PARENT: "F23" "zone-parent" Finding,
        "a zone is part of a zone that is not there, or of another version",
        "has it stand by itself; its history has what was before";
    ZONE_CYCLE: "F24" "zone-cycle" Finding,
        "a zone is part of itself, by way of its parents",
        "has one zone of the ring stand by itself; its history has what was before";
    ZONE_PLACE: "F25" "zone-place" Finding,
        "a zone stands on a page that is not there, beside its page, or in a box that is none; correct or delete it",
        "";
    ZONE_HISTORY: "F26" "zone-history" Finding,
        "states of a zone are missing or overlap, so that it cannot be told what it was; restore `zone_history` from a backup",
        "";
    ZONES_REVISION: "F27" "zones-revision" Finding,
        "a document is behind the changes of its own zones, so that the next change fails",
        "puts it at the newest revision of its zones";
    ZONE_ORIGINAL: "F28" "zone-original" Finding,
        "a zone keeps a tool's word of a field that people cannot change",
        "takes the word away; the zone's history has what was before";
    CORRECTION_REVISION: "F29" "correction-revision" Finding,
        "a correction belongs to a change that the document has not; restore `document_changes` from a backup",
        "";
    FOREIGN_FILE: "F90" "foreign-file" Note,
        "a file in the store that Colophon did not write; it is left alone",
        "";
    READING_ORDER: "F91" "reading-order" Note,
        "a reading order names zones that are gone; they are left out where it is read, and may come back",
        "";
}

#[cfg(test)]
mod tests {
    use super::CHECKS;

    #[test]
    fn numbers_and_names_are_given_once_and_the_documentation_has_them_all() {
        let documentation = include_str!("../../../../docs/operations.md");
        for (at, check) in CHECKS.iter().enumerate() {
            assert!(!CHECKS[..at].iter().any(|other| other.code == check.code || other.name == check.name));
            let line =
                format!("| {} | `{}` | {} | {} |", check.code, check.name, check.meaning, check.repair);
            assert!(documentation.contains(&line), "docs/operations.md lacks: {line}");
        }
    }
}
