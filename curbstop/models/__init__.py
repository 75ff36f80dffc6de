"""The tables, one aggregate a file; importing this package knows them all."""

from curbstop.models.access_issue import AccessIssue, AccessNotice, AccessStep
from curbstop.models.account import Account, Customer
from curbstop.models.ami_event import AmiEvent
from curbstop.models.asset import Hydrant, Street, UtilityAsset
from curbstop.models.asset_note import AssetNote
from curbstop.models.attachment import Attachment, Thumbnail, Upload
from curbstop.models.audit import AuditEntry
from curbstop.models.base import Base
from curbstop.models.change_log import BucketRow, ChangeHorizon, ChangeLog, SyncHistory
from curbstop.models.change_out import ChangeOutRecord, ExportMark, ExportRun, ExportSent
from curbstop.models.change_out_project import ChangeOutProject, ProjectPlace
from curbstop.models.conflict import Conflict
from curbstop.models.connection_event import ConnectionEvent
from curbstop.models.contact_attempt import ContactAttempt
from curbstop.models.cut_off_run import CutOffLine, CutOffNotice, CutOffRun
from curbstop.models.development import Development, Lot
from curbstop.models.discrepancy import Discrepancy
from curbstop.models.feature_request import FeatureRequest
from curbstop.models.fee import Fee
from curbstop.models.gate_check import GateCheck, GateOverride
from curbstop.models.import_batch import ImportBatch
from curbstop.models.inventory import InventoryMove, MeterModel, Radio
from curbstop.models.layer_key import LayerKey
from curbstop.models.letter import Letter, LetterBatch, LetterTemplate, PropertyOwner
from curbstop.models.lock import Lock
from curbstop.models.map_pack import MapSquare
from curbstop.models.meter import Endpoint, Installation, Meter, Register
from curbstop.models.meter_test import MeterTest
from curbstop.models.moratorium import Moratorium, WeatherDay
from curbstop.models.op_ledger import OpLedger
from curbstop.models.order_type import OrderTypeRow
from curbstop.models.outbox import JobDone, Outbox
from curbstop.models.policy import Closure, PolicyVersion
from curbstop.models.reading import Reading
from curbstop.models.removal_timer import RemovalTimer
from curbstop.models.request import IdempotencyKey, NumberSequence
from curbstop.models.route import Cycle, Route, RouteSession, RouteVersion, Stop, StopVisit
from curbstop.models.route_change_request import RouteChangeRequest
from curbstop.models.schedule import Schedule, ScheduleRun
from curbstop.models.search import SearchPosting, SearchWord
from curbstop.models.service_order import OrderHistory, ServiceOrder
from curbstop.models.service_point import ServicePoint
from curbstop.models.snapshot import Snapshot
from curbstop.models.staff import RefreshToken, Staff
from curbstop.models.staff_calendar import Absence, Shift
from curbstop.models.standing import Hold, Payment, PaymentsMark, Standing
from curbstop.models.state_change import StateChange
from curbstop.models.supervisor_task import SupervisorTask
from curbstop.models.tablet import EnrolmentCode, Tablet, TabletBoot, TabletIncident, TabletPerson
from curbstop.models.tamper_case import TamperCase
from curbstop.models.tap_request import LocateTicket, TapHistory, TapRequest
from curbstop.models.temp_service import TempService
from curbstop.models.wrong_try import WrongTry

__all__ = [
    "Absence",
    "AccessIssue",
    "AccessNotice",
    "AccessStep",
    "Account",
    "AmiEvent",
    "AssetNote",
    "Attachment",
    "AuditEntry",
    "Base",
    "BucketRow",
    "ChangeHorizon",
    "ChangeLog",
    "ChangeOutProject",
    "ChangeOutRecord",
    "Closure",
    "Conflict",
    "ConnectionEvent",
    "ContactAttempt",
    "Customer",
    "CutOffLine",
    "CutOffNotice",
    "CutOffRun",
    "Cycle",
    "Development",
    "Discrepancy",
    "Endpoint",
    "EnrolmentCode",
    "ExportMark",
    "ExportRun",
    "ExportSent",
    "FeatureRequest",
    "Fee",
    "GateCheck",
    "GateOverride",
    "Hold",
    "Hydrant",
    "IdempotencyKey",
    "ImportBatch",
    "Installation",
    "InventoryMove",
    "JobDone",
    "LayerKey",
    "Letter",
    "LetterBatch",
    "LetterTemplate",
    "LocateTicket",
    "Lock",
    "Lot",
    "MapSquare",
    "Meter",
    "MeterModel",
    "MeterTest",
    "Moratorium",
    "NumberSequence",
    "OpLedger",
    "OrderHistory",
    "OrderTypeRow",
    "Outbox",
    "Payment",
    "PaymentsMark",
    "PolicyVersion",
    "ProjectPlace",
    "PropertyOwner",
    "Radio",
    "Reading",
    "RefreshToken",
    "Register",
    "RemovalTimer",
    "Route",
    "RouteChangeRequest",
    "RouteSession",
    "RouteVersion",
    "Schedule",
    "ScheduleRun",
    "SearchPosting",
    "SearchWord",
    "ServiceOrder",
    "ServicePoint",
    "Shift",
    "Snapshot",
    "Staff",
    "Standing",
    "StateChange",
    "Stop",
    "StopVisit",
    "Street",
    "SupervisorTask",
    "SyncHistory",
    "Tablet",
    "TabletBoot",
    "TabletIncident",
    "TabletPerson",
    "TamperCase",
    "TapHistory",
    "TapRequest",
    "TempService",
    "Thumbnail",
    "Upload",
    "UtilityAsset",
    "WeatherDay",
    "WrongTry",
]
