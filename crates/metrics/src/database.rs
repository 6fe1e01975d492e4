//! The pool of connections.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

const SECONDS: [f64; 12] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The pool of connections.
#[derive(Debug)]
pub struct Database {
    most: Gauge,
    open: Gauge,
    in_use: Gauge,
    waiting: Gauge,
    wait: Histogram,
    refused: Counter,
}

impl Database {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let database = Self {
            most: Gauge::default(),
            open: Gauge::default(),
            in_use: Gauge::default(),
            waiting: Gauge::default(),
            wait: Histogram::new(SECONDS),
            refused: Counter::default(),
        };
        let Self { most, open, in_use, waiting, wait, refused } = &database;
        registry.register("database_connections_max", "Connections the pool holds at most", most.clone());
        registry.register("database_connections", "Connections of the pool", open.clone());
        registry.register("database_connections_in_use", "Connections in use", in_use.clone());
        registry.register("database_waiting", "Who waits for a connection", waiting.clone());
        registry.register_with_unit(
            "database_wait",
            "Time until a connection was had",
            Unit::Seconds,
            wait.clone(),
        );
        registry.register(
            "database_connections_refused",
            "Connections that could not be had",
            refused.clone(),
        );
        database
    }

    /// Somebody got a connection after so long.
    pub fn waited(&self, time: Duration) {
        self.wait.observe(time.as_secs_f64());
    }

    /// Somebody got none.
    pub fn refused(&self) {
        self.refused.inc();
    }

    /// How the pool stands: connections at most, those there are, those in use, and who waits for one.
    pub fn pool(&self, most: usize, open: usize, in_use: usize, waiting: usize) {
        for (gauge, value) in
            [(&self.most, most), (&self.open, open), (&self.in_use, in_use), (&self.waiting, waiting)]
        {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}
