#!/bin/sh
# Makes docker/secrets/, once: random passwords and keys, each a file that only containers are handed. What is there stays.
# Yours to fill in: the Slack token (an empty file announces nothing), and the key of the bucket if the lake is in one.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets
cd secrets

random() { # BYTES: as hexadecimal digits
    od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}
keep() { # FILE TEXT
    [ -e "$1" ] || printf '%s' "$2" > "$1"
}

for password in postgres_password airflow_database_password store_password broker_password; do
    keep "$password" "$(random 24)"
done
for key in airflow_api_key airflow_jwt_key; do
    keep "$key" "$(random 32)"
done
# Fernet wants 32 bytes in URL-safe base64.
keep airflow_fernet_key "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"
airflow=$(cat airflow_database_password)
keep airflow_database_url "postgresql+psycopg://airflow:$airflow@postgres/airflow"
keep airflow_results_url "db+postgresql+psycopg://airflow:$airflow@postgres/airflow"
keep store_url "postgresql+psycopg://pledge:$(cat store_password)@postgres/pledge"
keep broker_url "redis://:$(cat broker_password)@valkey:6379/0"
for yours in slack_token lake_key_id lake_key; do
    keep "$yours" ""
done
# Containers run as several users and are handed the files one by one; on this machine nobody else can reach them.
chmod 644 ./*
echo "docker/secrets is made. To announce, put a bot token into docker/secrets/slack_token."
