//! What `import` and `init` share: a new file's first lines, the survey of both vendors, and the end
//! with a check and the next commands.

mod finish;
mod new_site;
mod source;

pub use finish::{Unfinished, finish};
pub use new_site::{NewSiteOptions, platform_kind, site_of};
pub use source::SourceOptions;
