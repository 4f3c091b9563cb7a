//! The data folder. Only its owner may read its contents, regardless of the umask and of how it was
//! created.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The file of everything except the table.
const KEEP: &str = "cloud.sqlite";
/// The file of the table.
const TABLE: &str = "table.sqlite";
/// Suffixes of the files that SQLite creates for each of them. SQLite gives them the permissions of
/// the first one.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];
/// Permissions of the folder, and of a file in it.
const OWNER: (u32, u32) = (0o700, 0o600);
/// Permission bits of all users other than the owner.
const OTHERS: u32 = 0o077;

/// Returns whether a run has used this folder.
pub fn is_used(folder: &Path) -> bool {
    folder.join(KEEP).exists()
}

/// The files of a data folder.
pub struct Files {
    /// Everything except the table.
    pub keep: PathBuf,
    /// The table.
    pub table: PathBuf,
}

/// Creates the folder and its files where they are missing, and removes the permissions of other
/// users.
///
/// # Errors
/// The folder or a file cannot be created, or belongs to another user.
pub fn prepare(folder: &Path) -> io::Result<Files> {
    let (folder_rights, file_rights) = OWNER;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(folder_rights)
        .create(folder)?;
    close_to_others(folder, folder_rights)?;
    let files = Files {
        keep: folder.join(KEEP),
        table: folder.join(TABLE),
    };
    for file in [&files.keep, &files.table] {
        // A file that SQLite creates has the permissions of the umask, so the files are created
        // here.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(file_rights)
            .open(file)?;
        for companion in COMPANIONS {
            let mut path = file.clone().into_os_string();
            path.push(companion);
            if fs::exists(&path)? {
                close_to_others(Path::new(&path), file_rights)?;
            }
        }
    }
    Ok(files)
}

fn close_to_others(path: &Path, rights: u32) -> io::Result<()> {
    if is_open_to_others(path)? {
        fs::set_permissions(path, Permissions::from_mode(rights))
    } else {
        Ok(())
    }
}

/// Returns whether another user than the owner of a file may read or change it.
///
/// # Errors
/// The file does not exist or cannot be examined.
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & OTHERS != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rights(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_is_its_owners_alone_also_one_that_was_open() {
        let folder = std::env::temp_dir().join(format!("doorstep-folder-{}", uuid::Uuid::new_v4()));
        fs::create_dir_all(&folder).unwrap();
        let wal = folder.join("table.sqlite-wal");
        for (path, open) in [(&folder, 0o755), (&folder.join(KEEP), 0o644), (&wal, 0o666)] {
            if path != &folder {
                fs::write(path, "").unwrap();
            }
            fs::set_permissions(path, Permissions::from_mode(open)).unwrap();
        }
        let files = prepare(&folder).unwrap();
        assert_eq!(rights(&folder), 0o700);
        for path in [&files.keep, &files.table, &wal] {
            assert_eq!(rights(path), 0o600, "{}", path.display());
        }
        fs::remove_dir_all(folder).unwrap();
    }
}
