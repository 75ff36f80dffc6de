"""What access letters say, in both languages: what is in the way, what to do, what follows; no balance, no code."""

from typing import Final

from curbstop.domain.letters import Language
from curbstop.domain.outcomes import load_code_tables

_SPANISH: Final[dict[str, tuple[str, str]]] = {
    "FOLIAGE": ("Arbustos o pasto sobre el medidor", "Pode las plantas al menos 2 pies alrededor de la caja."),
    "FENCE": ("Una cerca impide el acceso", "Mueva la cerca o ponga una puerta junto a la caja del medidor."),
    "DEBRIS": ("Escombros o material sobre la caja", "Retire lo que está sobre la caja del medidor."),
    "VEHICLE": ("Un vehículo estacionado sobre la caja", "Mantenga la caja del medidor libre de vehículos."),
    "LOCKED_GATE": ("Puerta con candado", "Abra la puerta, o díganos cómo podemos entrar."),
    "DOG": ("Perro", "Sujete al perro los días de lectura."),
    "BURIED": ("Caja enterrada", "Descubra la caja del medidor hasta la tapa."),
    "LANDSCAPE": ("Jardinería o mantillo sobre la caja", "Mantenga la tapa libre de jardinería y mantillo."),
    "STRUCTURE": ("Una construcción sobre la caja", "Quite la construcción, o pida que movamos el medidor."),
}
CONSEQUENCES: Final[dict[int, dict[Language, str]]] = {
    1: {
        Language.EN: "We will estimate your reading and write to you again.",
        Language.ES: "Estimaremos su lectura y le escribiremos de nuevo.",
    },
    2: {
        Language.EN: "Otherwise you will have a final notice, after which we may clear the meter box at the owner's "
        "cost, or disconnect the service.",
        Language.ES: "De lo contrario recibirá un aviso final, después del cual podremos despejar la caja del medidor "
        "a costa del propietario, o desconectar el servicio.",
    },
    3: {
        Language.EN: "We may clear the meter box at the owner's cost, charge a field visit, or disconnect the service.",
        Language.ES: "Podremos despejar la caja del medidor a costa del propietario, cobrar una visita, o desconectar "
        "el servicio.",
    },
}
HEARING: Final[dict[Language, str]] = {
    Language.EN: "You have the right to a hearing before that day. Call or write to us to ask for one.",
    Language.ES: "Tiene derecho a una audiencia antes de ese día. Llame o escríbanos para pedirla.",
}


def label(category: str, language: Language) -> str:
    """What is in the way; in English where nobody put it into the language."""
    english = load_code_tables().access_categories[category].label
    return _SPANISH.get(category, (english, ""))[0] if language is Language.ES else english


def remedy(category: str, language: Language) -> str:
    """What the customer is to do."""
    english = load_code_tables().access_categories[category].remedy
    return _SPANISH.get(category, ("", english))[1] if language is Language.ES else english
