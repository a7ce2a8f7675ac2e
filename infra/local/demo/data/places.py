"""Addresses and their coordinates."""

from __future__ import annotations

from typing import Final

from infra.local.demo.scenario import Place

LIBERTY_ST: Final = Place("28 Liberty St, New York, NY 10005", 40.7077, -74.0089)
GRAND_CENTRAL: Final = Place("89 E 42nd St, New York, NY 10017", 40.7527, -73.9772)
JAVITS_CENTER: Final = Place("429 11th Ave, New York, NY 10001", 40.7577, -74.0020)
TIMES_SQUARE: Final = Place("1535 Broadway, New York, NY 10036", 40.7586, -73.9862)
THEATRE_ROW: Final = Place("234 W 44th St, New York, NY 10036", 40.7581, -73.9880)
PORT_AUTHORITY: Final = Place("625 8th Ave, New York, NY 10018", 40.7569, -73.9903)
NATURAL_HISTORY: Final = Place("200 Central Park W, New York, NY 10024", 40.7813, -73.9740)
THE_PLAZA: Final = Place("768 5th Ave, New York, NY 10019", 40.7645, -73.9744)
COLLEGE_WALK: Final = Place("2960 Broadway, New York, NY 10027", 40.8079, -73.9625)
RIVERBANK_POOL: Final = Place("679 Riverside Dr, New York, NY 10031", 40.8265, -73.9555)
KINGSBRIDGE: Final = Place("2780 Reservoir Ave, Bronx, NY 10468", 40.8713, -73.8980)
PROSPECT_PARK: Final = Place("450 Flatbush Ave, Brooklyn, NY 11225", 40.6653, -73.9649)
BROOKLYN_MUSEUM: Final = Place("200 Eastern Pkwy, Brooklyn, NY 11238", 40.6712, -73.9636)
CORONA: Final = Place("47-01 111th St, Corona, NY 11368", 40.7472, -73.8516)
JFK: Final = Place("JFK Airport Terminal 4, Jamaica, NY 11430", 40.6446, -73.7820)
STORM_KING: Final = Place("1 Museum Rd, New Windsor, NY 12553", 41.4251, -74.0593)
BEAR_MOUNTAIN: Final = Place("3020 Seven Lakes Dr, Bear Mountain, NY 10911", 41.3129, -73.9888)
MOHONK: Final = Place("1000 Mountain Rest Rd, New Paltz, NY 12561", 41.7685, -74.1558)
SCIENCE_CENTER: Final = Place("222 Jersey City Blvd, Jersey City, NJ 07305", 40.7082, -74.0549)
MONTCLAIR: Final = Place("205 Claremont Ave, Montclair, NJ 07042", 40.8200, -74.2230)
PRINCETON: Final = Place("1 Nassau Hall, Princeton, NJ 08544", 40.3487, -74.6593)
BOARDWALK: Final = Place("1901 Boardwalk, Atlantic City, NJ 08401", 39.3560, -74.4310)
LIBERTY_BELL: Final = Place("599 Market St, Philadelphia, PA 19106", 39.9512, -75.1497)
GETTYSBURG: Final = Place("1195 Baltimore Pike, Gettysburg, PA 17325", 39.8117, -77.2259)
HIPPODROME: Final = Place("12 N Eutaw St, Baltimore, MD 21201", 39.2893, -76.6213)
SMITHSONIAN: Final = Place("600 Independence Ave SW, Washington, DC 20560", 38.8881, -77.0199)
FINE_ARTS: Final = Place("465 Huntington Ave, Boston, MA 02115", 42.3394, -71.0940)
CAMPUS_MARTIUS: Final = Place("800 Woodward Ave, Detroit, MI 48226", 42.3314, -83.0467, "America/Detroit")
HACKENSACK: Final = Place("411 Hackensack Ave, Hackensack, NJ 07601", 40.9010, -74.0330)
FORT_LEE: Final = Place("2100 Route 4, Fort Lee, NJ 07024", 40.8552, -73.9707)
NEWBURGH: Final = Place("1208 Union Ave, Newburgh, NY 12550", 41.5223, -74.0704)
YONKERS: Final = Place("35 Alexander St, Yonkers, NY 10701", 40.9402, -73.9018)
STAMFORD: Final = Place("1 Station Pl, Stamford, CT 06902", 41.0466, -73.5428)

WINNIPEG_STATION: Final = Place("123 Main St, Winnipeg, MB", 49.8889, -97.1342)
WINNIPEG_AIRPORT: Final = Place("2000 Wellington Ave, Winnipeg, MB", 49.9047, -97.2268)
HUMAN_RIGHTS: Final = Place("85 Israel Asper Way, Winnipeg, MB", 49.8909, -97.1310)
GIMLI: Final = Place("1 Centre St, Gimli, MB", 50.6317, -96.9840)
BRANDON: Final = Place("410 9th St, Brandon, MB", 49.8459, -99.9520)
REGINA: Final = Place("2405 Legislative Dr, Regina, SK", 50.4325, -104.6150, "America/Regina")
