//! Parts of the settings, for commands that need no others.

use super::arguments::Arguments;
use super::credentials::DatabaseUrl;
use super::settings::{ConfigErrors, DoctorSettings, HttpAddress, StoreSettings};
use super::validation::{Given, Validator};

impl Arguments {
    /// The database URL, for commands that need no object store.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn database(&self) -> Result<DatabaseUrl, ConfigErrors> {
        let mut check = Validator::default();
        let url = self.database_url(&mut check);
        check.finish(url)
    }

    /// The URL for commands that act: the administrator's, if there is one.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn administrator(&self) -> Result<DatabaseUrl, ConfigErrors> {
        let mut check = Validator::default();
        let url = match self.admin(&mut check) {
            Some(url) => url,
            None => self.database_url(&mut check),
        };
        check.finish(url)
    }

    /// Everything that `heimdalld doctor` looks at. The store may be left out.
    ///
    /// # Errors
    /// All wrong and missing settings.
    pub fn for_doctor(&self) -> Result<DoctorSettings, ConfigErrors> {
        let mut check = Validator::default();
        let settings = DoctorSettings {
            database_url: self.database_url(&mut check),
            listener: self.listener(&mut check),
            store: self.names_store().then(|| self.store(&mut check)),
        };
        check.finish(settings)
    }

    /// The object store, for commands that need no database.
    ///
    /// # Errors
    /// All wrong and missing settings of the store.
    pub fn store_alone(&self) -> Result<StoreSettings, ConfigErrors> {
        let mut check = Validator::default();
        let store = self.store(&mut check);
        check.finish(store)
    }

    /// Whether a setting says where the store is, or has a key for it.
    fn names_store(&self) -> bool {
        self.s3_endpoint.is_some()
            || self.s3_access_key.is_some()
            || self.s3_access_key_file.is_some()
            || self.s3_secret_key.is_some()
            || self.s3_secret_key_file.is_some()
    }

    /// Where the daemon serves HTTP, for commands that ask it.
    ///
    /// # Errors
    /// When the address is wrong.
    pub fn http(&self) -> Result<HttpAddress, ConfigErrors> {
        let mut check = Validator::default();
        let address = check.http(&Given {
            name: "HEIMDALL_HTTP_ADDR".to_owned(),
            text: self.http_addr.as_deref(),
        });
        check.finish(address)
    }
}
