#!/bin/sh
# Run once by the postgres image when its volume is empty: one database and one owner each for Airflow and the store.
set -eu
create() { # NAME PASSWORD-FILE
    psql --set ON_ERROR_STOP=1 --username postgres --set name="$1" --set password="$(cat "$2")" <<'SQL'
create role :"name" login password :'password';
create database :"name" owner :"name";
revoke connect on database :"name" from public;
SQL
}
create airflow /run/secrets/airflow_database_password
create pledge /run/secrets/store_password
