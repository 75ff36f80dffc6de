"""The words of US street addresses and the form that stands for each: facts, after the postal service's lists."""

from typing import Final

DIRECTIONS: Final = {
    "N": "N", "NO": "N", "NORTH": "N", "S": "S", "SO": "S", "SOUTH": "S", "E": "E", "EAST": "E", "W": "W", "WEST": "W",
    "NE": "NE", "NORTHEAST": "NE", "NW": "NW", "NORTHWEST": "NW",
    "SE": "SE", "SOUTHEAST": "SE", "SW": "SW", "SOUTHWEST": "SW",
}  # fmt: skip

# Each group of words for one street type; the first is the one that stands for all.
_TYPES: Final = (
    "ALY ALLEY ALLEE", "AVE AV AVEN AVENU AVENUE", "BCH BEACH", "BLF BLUFF", "BLVD BOULEVARD BOUL BLV", "BND BEND",
    "BR BRANCH", "BRG BRIDGE", "BRK BROOK", "BYP BYPASS", "CIR CIRCLE CIRC CRCL", "CMN COMMON", "COR CORNER",
    "CRES CRESCENT", "CRK CREEK", "CRSE COURSE", "CT COURT CRT", "CTR CENTER CENTRE", "CTS COURTS", "CV COVE",
    "DR DRIVE DRV DRIV", "EST ESTATE", "ESTS ESTATES", "EXPY EXPRESSWAY EXPY", "EXT EXTENSION", "FLD FIELD",
    "FRST FOREST", "FWY FREEWAY", "GDN GARDEN", "GDNS GARDENS", "GLN GLEN", "GRN GREEN", "GRV GROVE", "HBR HARBOR",
    "HL HILL", "HLS HILLS", "HOLW HOLLOW", "HTS HEIGHTS", "HWY HIGHWAY HIWAY", "IS ISLAND", "JCT JUNCTION",
    "KNL KNOLL", "LK LAKE", "LN LANE", "LNDG LANDING", "LOOP LOOPS", "MALL", "MDW MEADOW", "MDWS MEADOWS", "MEWS",
    "ML MILL", "MNR MANOR", "OVAL", "PARK PK PARKS", "PASS", "PATH PATHS", "PIKE", "PKWY PARKWAY PKY PKWAY PRKWY",
    "PL PLACE", "PLZ PLAZA", "PT POINT", "RD ROAD", "RDG RIDGE", "ROW", "RTE ROUTE", "RUN", "SHR SHORE",
    "SPG SPRING", "SPGS SPRINGS", "SQ SQUARE SQR", "ST STREET STR STRT", "TER TERRACE TERR", "TPKE TURNPIKE TRNPK",
    "TRCE TRACE", "TRL TRAIL", "VIA", "VIS VISTA", "VLG VILLAGE", "VLY VALLEY", "VW VIEW", "WALK", "WAY WY",
    "WHF WHARF", "XING CROSSING", "XRD CROSSROAD",
)  # fmt: skip
STREET_TYPES: Final = {word: group.split()[0] for group in _TYPES for word in group.split()}

# Words that are shortened at the front of a name: Saint Paul, Mount Auburn, Fort Washington.
FRONT_WORDS: Final = {"SAINT": "ST", "SAINTE": "STE", "MOUNT": "MT", "FORT": "FT", "DOCTOR": "DR"}
# Words that are shortened wherever they stand in a name.
NAME_WORDS: Final = {
    "AND": "&", "HIGHWAY": "HWY", "ROUTE": "RTE", "COUNTY": "CO", "JUNIOR": "JR", "SENIOR": "SR", "MOUNTAIN": "MTN",
}  # fmt: skip

_UNITS: Final = (
    "APT APARTMENT", "BLDG BUILDING", "FL FLOOR FLR", "LOT", "RM ROOM", "SPC SPACE", "STE SUITE", "TRLR TRAILER",
    "UNIT", "#",
)  # fmt: skip
UNIT_KINDS: Final = {word: group.split()[0] for group in _UNITS for word in group.split()}
# Units that need no number of their own.
LONE_UNITS: Final = {
    "BSMT": "BSMT", "BASEMENT": "BSMT", "REAR": "REAR", "FRNT": "FRNT", "FRONT": "FRNT", "UPPR": "UPPR",
    "UPPER": "UPPR", "LOWR": "LOWR", "LOWER": "LOWR", "PH": "PH", "PENTHOUSE": "PH",
}  # fmt: skip

_ONES: Final = "1ST FIRST 2ND SECOND 3RD THIRD 4TH FOURTH 5TH FIFTH 6TH SIXTH 7TH SEVENTH 8TH EIGHTH 9TH NINTH"
_TEENS: Final = (
    "10TH TENTH 11TH ELEVENTH 12TH TWELFTH 13TH THIRTEENTH 14TH FOURTEENTH 15TH FIFTEENTH 16TH SIXTEENTH "
    "17TH SEVENTEENTH 18TH EIGHTEENTH 19TH NINETEENTH 20TH TWENTIETH 30TH THIRTIETH 40TH FORTIETH 50TH FIFTIETH "
    "60TH SIXTIETH 70TH SEVENTIETH 80TH EIGHTIETH 90TH NINETIETH"
)
_TENS: Final = {
    "TWENTY": "2", "THIRTY": "3", "FORTY": "4", "FIFTY": "5", "SIXTY": "6", "SEVENTY": "7", "EIGHTY": "8",
    "NINETY": "9",
}  # fmt: skip


def _ordinals() -> dict[str, str]:
    """FIRST is 1ST; TWENTY-FIRST, written with its hyphen taken for a blank, is handled word by word with TENS."""
    words = f"{_ONES} {_TEENS}".split()
    return dict(zip(words[1::2], words[::2], strict=True))


ORDINALS: Final = _ordinals()
TENS: Final = _TENS
