#!/bin/sh
# Installs the product into an existing Python environment, from the locks alone: every package by its hash, nothing newer,
# nothing else. `make setup`, CI and the Dockerfile all run this.
#   docker/install.sh PYTHON        what a run needs
#   docker/install.sh PYTHON dev    the test tools, after the above
#   docker/install.sh PYTHON fuzz   the fuzzer, after the above
#   docker/install.sh PYTHON spark  Spark, in an environment of its own
set -eu
python=$1
cd "$(dirname "$0")/.."

install() {
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps "$@"
}

if [ "${2:-}" = dev ]; then
    echo "Installing the test tools from requirements-dev.lock (once) …"
    install --require-hashes -r requirements-dev.lock
elif [ "${2:-}" = fuzz ]; then
    echo "Installing the fuzzer from requirements-fuzz.lock (once) …"
    install --require-hashes -r requirements-fuzz.lock
elif [ "${2:-}" = spark ]; then
    echo "Installing Spark from requirements-spark.lock (once; half a gigabyte) …"
    install --require-hashes -r requirements-spark.lock
else
    echo "Installing from requirements.lock (once; a minute or two) …"
    install --require-hashes -r requirements.lock
    install --no-build-isolation --editable .
fi
