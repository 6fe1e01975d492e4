//! The process itself, under the names that Prometheus' own libraries give.

use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// This process.
#[derive(Debug)]
pub struct Process {
    resident: Gauge,
    open_files: Gauge,
}

impl Process {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("colophon_build", "This program", build);
        let started = Gauge::<f64, AtomicU64>::default();
        started.set(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64());
        let help = "When the process began to count";
        registry.register_with_unit("process_start_time", help, Unit::Seconds, started);
        let process = Self { resident: Gauge::default(), open_files: Gauge::default() };
        // Elsewhere nobody tells, and a series that is always 0 would be a lie.
        if cfg!(target_os = "linux") {
            let Self { resident, open_files } = &process;
            let help = "Memory that is in RAM";
            registry.register_with_unit("process_resident_memory", help, Unit::Bytes, resident.clone());
            registry.register("process_open_fds", "Open files and sockets", open_files.clone());
        }
        process
    }

    /// Looks how the process stands.
    pub(crate) fn look(&self) {
        if let Some(bytes) = resident_bytes() {
            self.resident.set(bytes);
        }
        if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
            self.open_files.set(i64::try_from(files.count()).unwrap_or(i64::MAX));
        }
    }
}

fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}
