"""What billing is told of a connection: its state in words that other systems know, and why it came about."""

from enum import StrEnum

from curbstop.domain.meters import OFF_STATES, PhysicalState


class ConnectionReason(StrEnum):
    """Why; all but the last three are MultiSpeak's CDReasonCode, and an adapter tells those as `Other`."""

    NON_PAYMENT = "NonPayment"
    SERVICE_INACTIVE = "ServiceInactive"
    NEW_CUSTOMER = "NewCustomer"
    PAYMENT_RECEIVED = "PaymentReceived"
    PAYMENT_AGREEMENT = "PaymentAgreement"
    VIOLATION = "Violation"
    EMERGENCY = "Emergency"
    CORRECTED = "Corrected"


class ConnectionStatus(StrEnum):
    """MultiSpeak's meterConnectionStatus."""

    CONNECTED = "Connected"
    DISCONNECTED = "Disconnected"
    DISCONNECTED_NON_PAY = "DisconnectedNonPay"
    OTHER = "Other"


_GONE = frozenset({PhysicalState.PULLED, PhysicalState.CUT_AT_MAIN})


def status_of(physical: PhysicalState, reason: ConnectionReason) -> ConnectionStatus:
    """The connection's status by what is in the ground; a place that never had a meter is `Other`."""
    if physical is PhysicalState.ON:
        return ConnectionStatus.CONNECTED
    if physical in OFF_STATES or physical in _GONE:
        unpaid = reason is ConnectionReason.NON_PAYMENT
        return ConnectionStatus.DISCONNECTED_NON_PAY if unpaid else ConnectionStatus.DISCONNECTED
    return ConnectionStatus.OTHER
