"""What Splink computes on: DuckDB in memory, or Apache Spark on this machine.

Guaranteed: DuckDB never writes to disk. Spark's shuffles do, always: they go to memory-backed storage
where the machine has it, are encrypted, and hold level vectors alone.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

JAVA_NEEDED: Final = (
    "Spark runs on Java 17 or newer, and no `java` is on PATH.\n"
    "Debian, Ubuntu: apt-get install default-jre-headless. Elsewhere: any OpenJDK, with JAVA_HOME set.\n"
    "--engine duckdb needs no Java and learns the same model."
)
TRAINING_NEEDED: Final = (
    "Training needs Splink and its engines: tools/setup training (make setup-training)"
)

Api = Any
"""Splink's handle on a database; a fresh one is wanted for each linker."""


class CannotTrain(Exception):
    """Something that training needs is not installed; says how to get it."""


@contextmanager
def duckdb_engine() -> Iterator[Callable[[], Api]]:
    try:
        import duckdb
        from splink import DuckDBAPI
    except ImportError as error:
        raise CannotTrain(TRAINING_NEEDED) from error
    opened = []

    def api() -> Api:
        connection = duckdb.connect(
            ":memory:", config={"temp_directory": "", "max_temp_directory_size": "0B"}
        )
        opened.append(connection)
        return DuckDBAPI(connection)

    try:
        yield api
    finally:
        for connection in opened:
            connection.close()


@contextmanager
def spark_engine() -> Iterator[Callable[[], Api]]:
    """CannotTrain where Java is absent."""
    if not has_java():
        raise CannotTrain(JAVA_NEEDED)
    try:
        from pyspark.sql import SparkSession
        from splink import SparkAPI
    except ImportError as error:
        raise CannotTrain(TRAINING_NEEDED) from error
    memory = Path("/dev/shm")  # noqa: S108  (where it exists, it is memory)
    with tempfile.TemporaryDirectory(
        prefix="hutong-spark-", dir=memory if os.access(memory, os.W_OK) else None
    ) as scratch:
        builder = SparkSession.builder.appName("hutong-training").master("local[*]")
        for name, value in _SPARK.items():
            builder = builder.config(name, value)
        builder = builder.config("spark.local.dir", scratch)
        spark = builder.config("spark.sql.warehouse.dir", f"{scratch}/warehouse").getOrCreate()
        spark.sparkContext.setLogLevel("ERROR")
        try:
            yield lambda: SparkAPI(
                spark_session=spark.newSession(),
                register_udfs_automatically=False,
                break_lineage_method="persist",
                num_partitions_on_repartition=_PARTITIONS,
            )
        finally:
            spark.stop()


def has_java() -> bool:
    home = os.environ.get("JAVA_HOME")
    return bool(shutil.which("java") or (home and (Path(home) / "bin" / "java").exists()))


ENGINES: Final = {"duckdb": duckdb_engine, "spark": spark_engine}
_PARTITIONS = 1
_SPARK: Final = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.io.encryption.enabled": "true",
    # EM is many small questions: planning and compiling them would take longer than answering.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": str(_PARTITIONS),
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
