//! The other sites of the stack at the door systems of this site.

use std::collections::BTreeMap;

use doorstep_cloud::environment::Environment;
use doorstep_cloud::other_sites::load::{Neighbours, in_service};
use doorstep_cloud::other_sites::register::RuledDoors;
use doorstep_core::decide::doors_context::DoorsContext;
use doorstep_core::model::error::Result;
use doorstep_core::model::ids::DoorsName;
use doorstep_core::model::shared_group::Neighbour;
use doorstep_core::site::Site;

/// Returns the other sites at each door system. Registers groups that a rule opens for the first
/// time.
pub async fn neighbours(
    environment: &Environment,
    site: &Site,
    systems: &mut BTreeMap<DoorsName, DoorsContext>,
) -> Result<Neighbours> {
    let mut neighbours = Neighbours::new();
    for (
        name,
        DoorsContext {
            config,
            doors_read,
            ruled,
            ..
        },
    ) in systems
    {
        let at = Neighbour {
            site: site.id.clone(),
            doors: name.clone(),
        };
        RuledDoors {
            at,
            config,
            groups: ruled,
        }
        .register(&environment.store, doors_read)
        .await?;
        let shared = in_service(&environment.store, &doors_read.shared).await?;
        if !shared.is_empty() {
            neighbours.insert(name.clone(), shared);
        }
    }
    Ok(neighbours)
}
