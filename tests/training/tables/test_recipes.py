"""Each recipe of data/recipes.md makes the flights of a few rows in its form."""

import gzip
import json
import re
from pathlib import Path
from typing import Final

import pytest

from tests.support.paths import ROOT
from training.batch.scoring import score
from training.flights.aggregation import counted_cells
from training.project import ARTIFACTS
from training.tables.columns import Columns
from training.tables.sources import open_source

MODEL: Final = ARTIFACTS / "model.onnx"
RECIPES: Final = dict(
    re.findall(
        r"^## ([^\n]+)\n(?:(?!^## ).)*?^```sql\n(.*?)^```",
        (ROOT / "data" / "recipes.md").read_text(encoding="utf-8"),
        re.MULTILINE | re.DOTALL,
    )
)


def api(*flights: tuple[str, str, str | None, str, object]) -> str:
    return json.dumps(
        {
            "pagination": {"total": len(flights)},
            "data": [
                {
                    "flight_date": scheduled[:10],
                    "flight_status": status,
                    "departure": {
                        "iata": origin,
                        "scheduled": f"{scheduled}+00:00",
                        "actual": actual and f"{actual}+00:00",
                    },
                    "airline": {"name": "Iberia Express"},
                    "flight": {"number": "1882", "codeshared": codeshared},
                }
                for origin, scheduled, actual, status, codeshared in flights
            ],
        }
    )


# The name of the file and what it holds.
FILES: Final = {
    "BTS, T_ONTIME": (
        "T_ONTIME_REPORTING.csv",
        (
            "FL_DATE,OP_UNIQUE_CARRIER,ORIGIN,DEST,CRS_DEP_TIME,DEP_TIME,DEP_DELAY_NEW,CANCELLED,X\n"
            "2/1/2021 12:00:00 AM,AA,OMA,PHX,0606,0621,15.00,0.00,\n"
            "2/1/2021 12:00:00 AM,AA,OMA,PHX,2350,0006,16.00,0.00,\n"
            "2/2/2021 12:00:00 AM,DL,OMA,ATL,0600,,,1.00,\n"
            "2021-02-03,DL,OMA,ATL,0005,0003,0.00,0.00,\n"
            "2/1/2021 12:00:00 AM,AA,PHX,OMA,0700,0900,120.00,0.00,\n"
        ),
    ),
    "BTS, prezipped": (
        "On_Time_Reporting_Carrier_On_Time_Performance_(1987_present)_2021_2.csv",
        (
            '"FlightDate","Reporting_Airline","Origin","CRSDepTime","DepDelay","Cancelled",\n'
            '2021-02-01,"AA","OMA","0606",15.00,0.00,\n'
            '2021-02-01,"AA","OMA","2350",16.00,0.00,\n'
            '2021-02-02,"DL","OMA","0600",,1.00,\n'
            '2021-02-03,"DL","OMA","0005",-2.00,0.00,\n'
            '2021-02-01,"AA","PHX","0700",120.00,0.00,\n'
        ),
    ),
    "BTS, Detailed Statistics": (
        "Detailed_Statistics_Departures.csv",
        (
            "Detailed Statistics Departures  \nOrigin Airport: New York\nAirline: United (UA)\n"
            "Month(s): January and February\nDay(s): 1, 2 and 3\nYear(s): 2021\n\n"
            "Carrier Code,Date (MM/DD/YYYY),Flight Number,Scheduled departure time,"
            "Actual departure time,Departure delay (Minutes),Wheels-off time\n"
            '"AA","02/01/2021","0007","06:06","06:21","15","06:40"\n'
            '"AA","02/01/2021","0008","23:50","00:06","16","00:20"\n'
            '"DL","02/02/2021","0009","06:00","00:00","0","00:00"\n'
            '"DL","02/03/2021","0010","00:05","00:00","-5","00:11"\n\n'
            " SOURCE: Bureau of Transportation Statistics"
        ),
    ),
    "Kaggle, flight delays of 2015": (
        "flights.csv",
        (
            "YEAR,MONTH,DAY,AIRLINE,ORIGIN_AIRPORT,SCHEDULED_DEPARTURE,DEPARTURE_DELAY,CANCELLED\n"
            "2021,2,1,AA,ATL,0606,15,0\n2021,2,1,AA,ATL,2350,16,0\n2021,2,2,DL,ATL,0600,,1\n"
            "2021,2,3,DL,ATL,5,-2,0\n2021,2,1,AA,PHX,0700,120,0\n"
        ),
    ),
    "nycflights13": (
        "flights.csv",
        (
            "year,month,day,dep_time,sched_dep_time,dep_delay,carrier,origin,time_hour\n"
            "2021,2,1,621,606,15,AA,JFK,2021-02-01T11:00:00Z\n"
            "2021,2,1,6,2350,16,AA,JFK,2021-02-02T04:00:00Z\n"
            "2021,2,2,NA,600,NA,DL,JFK,2021-02-02T11:00:00Z\n"
            "2021,2,3,3,5,-2,DL,JFK,2021-02-03T05:00:00Z\n"
            "2021,2,1,900,700,120,AA,LGA,2021-02-01T12:00:00Z\n"
        ),
    ),
    "hflights": (
        "hflights.csv",
        (
            "Year,Month,DayofMonth,DepTime,UniqueCarrier,DepDelay,Origin,Cancelled\n"
            "2021,2,1,621,AA,15,IAH,0\n2021,2,1,6,AA,16,IAH,0\n2021,2,2,NA,DL,NA,IAH,1\n"
            "2021,2,3,2359,DL,-6,IAH,0\n2021,2,1,900,AA,120,HOU,0\n"
        ),
    ),
    "Data Expo 2009": (
        "2008.csv",
        (
            "Year,Month,DayofMonth,CRSDepTime,DepTime,UniqueCarrier,DepDelay,Origin,Cancelled\n"
            "2021,2,1,606,621,AA,15,ORD,0\n2021,2,1,2350,6,AA,16,ORD,0\n2021,2,2,600,NA,DL,NA,ORD,1\n"
            "2021,2,3,5,3,DL,-2,ORD,0\n2021,2,1,700,900,AA,120,MDW,0\n"
        ),
    ),
    "ANAC VRA, as published": (
        "VRA_2021_02.csv",
        (
            "ICAO Empresa Aérea;Código Tipo Linha;ICAO Aeródromo Origem;Partida Prevista;"
            "Partida Real;Situação Voo\n"
            "AA;N;SBGR;01/02/2021 06:06;01/02/2021 06:21;REALIZADO\n"
            "AA;I;SBGR;01/02/2021 23:50;02/02/2021 00:06;REALIZADO\n"
            "DL;N;SBGR;02/02/2021 06:00;;CANCELADO\n"
            "DL;N;SBGR;03/02/2021 00:05;03/02/2021 00:03;REALIZADO\n"
            "AA;N;SBSP;01/02/2021 07:00;01/02/2021 09:00;REALIZADO\n"
            "AA;N;SBGR;;01/02/2021 09:00;REALIZADO\n"
        ),
    ),
    "ANAC VRA, processed": (
        "anac_vra.csv",
        (
            "airline_icao,origin_icao,dest_icao,dep_sched,dep_real,period,status\n"
            "AA,SBGR,SNPD,01/02/2021 06:06,01/02/2021 06:21,Manhã,REALIZADO\n"
            "AA,SBGR,KMIA,01/02/2021 23:50,02/02/2021 00:06,Noite,REALIZADO\n"
            "DL,SBGR,SBBR,02/02/2021 06:00,,Manhã,CANCELADO\n"
            "DL,SBGR,SBBR,03/02/2021 00:05,03/02/2021 00:03,Noite,REALIZADO\n"
            "AA,SBSP,SBBR,01/02/2021 07:00,01/02/2021 09:00,Manhã,REALIZADO\n"
            "AA,SBGR,SBBR,,01/02/2021 09:00,Manhã,REALIZADO\n"
        ),
    ),
    "AENA": (
        "salidas.csv",
        (
            "Fecha;Hora programada;Hora real;Compañía;Origen;País;Estado\n"
            "01/02/2021;06:06;06:21;AA;MAD;España;Despegado\n"
            "01/02/2021;23:50;00:06;AA;MAD;Francia;Despegado\n"
            "02/02/2021;06:00;;DL;MAD;España;Cancelado\n"
            "03/02/2021;00:05;23:59;DL;MAD;España;Despegado\n"
            "01/02/2021;07:00;09:00;AA;BCN;España;Despegado\n"
        ),
    ),
    "Eurocontrol's archive": (
        "Flights_20210201_20210228.csv.gz",
        (
            "ECTRL ID,ADEP,ADES,FILED OFF BLOCK TIME,ACTUAL OFF BLOCK TIME,AC Operator,"
            "ICAO Flight Type\n"
            "1,LEMD,LEBL,01-02-2021 05:06:00,01-02-2021 05:21:00,AA,S\n"
            "2,LEMD,LFPG,01-02-2021 22:50:00,01-02-2021 23:06:00,AA,S\n"
            "3,LEMD,LEBL,02-02-2021 05:00:00,,DL,S\n"
            "4,LEMD,LEBL,02-02-2021 23:05:00,02-02-2021 23:03:00,DL,S\n"
            "5,LEBL,LEMD,01-02-2021 06:00:00,01-02-2021 08:00:00,AA,S\n"
            "6,LEMD,LEBL,01-02-2021 06:00:00,01-02-2021 08:00:00,AA,N\n"
        ),
    ),
    "JSON of a flight API": (
        "answers/1.json",
        api(
            ("DUB", "2021-02-01T06:06:00", "2021-02-01T06:21:00", "landed", None),
            ("DUB", "2021-02-01T06:06:00", "2021-02-01T06:21:00", "landed", {"airline_iata": "x"}),
            ("DUB", "2021-02-01T23:50:00", "2021-02-02T00:06:00", "active", None),
            ("DUB", "2021-02-02T06:00:00", None, "cancelled", None),
            ("DUB", "2021-02-03T00:05:00", "2021-02-03T00:03:00", "landed", None),
            ("ORK", "2021-02-01T07:00:00", "2021-02-01T09:00:00", "landed", None),
        ),
    ),
}
# The same flights in every form: two on the first of February, a Monday, one at 23:50 that leaves
# the next day; one at five past midnight on Wednesday. One is cancelled, one leaves elsewhere.
EXPECTED: Final = {(2, 6, 1): (1, 0), (2, 23, 1): (1, 1), (2, 0, 3): (1, 0)}


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_makes_the_flights_of_its_form(tmp_path: Path, name: str) -> None:
    file, text = FILES[name]
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    content = text.encode("latin-1" if "latin-1" in RECIPES[name] else "utf-8")
    path.write_bytes(gzip.compress(content) if file.endswith(".gz") else content)
    (tmp_path / "flights.sql").write_text(RECIPES[name])
    source = open_source(str(tmp_path / "flights.sql"))
    cells = source.engine.to_pyarrow(counted_cells(source.table, Columns())).to_pylist()
    assert {cell["fault"] for cell in cells} == {None}
    assert {cell["OPERA"] for cell in cells} <= {"AA", "DL", "Iberia Express"}
    abroad = {cell["HORA"] for cell in cells if cell["TIPOVUELO"] == "I"}
    assert abroad == ({23} if "'I'" in RECIPES[name] else set())
    found = {
        (cell["MES"], cell["HORA"], cell["DIANOM"]): (cell["flights"], cell["delayed"])
        for cell in cells
    }
    assert found == EXPECTED
    scored = score(str(tmp_path / "flights.sql"), str(tmp_path / "scored.csv"), MODEL, empty=True)
    assert scored.flights == sum(flights for flights, _ in EXPECTED.values())


def test_every_form_has_a_recipe() -> None:
    assert set(RECIPES) == set(FILES)
