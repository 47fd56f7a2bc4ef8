//! The end-to-end tests, in one binary so that the linker runs only once.

mod arrows;
mod backups;
mod boundary;
mod by_hand;
mod cases;
mod console;
mod databases;
mod desk;
mod exports;
mod floods;
mod generated;
mod journeys;
mod lists;
mod numbers;
mod openapi;
mod outward;
mod personal_data;
mod photos;
mod roles;
mod scene;
mod simulation;
mod statements;
mod store;
mod tables;
mod whole_code;
mod window;
