"""IMS QTI 2.1: a zip with an item a question, a test that has them in order, and imsmanifest.xml.

Question & Test Interoperability v2.1 Final, Assessment Test, Section and Item Information Model; packaged as Content Packaging 1.1.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from flashviz.delivery.manifest import LICENCE
from flashviz.delivery.quiz.question import Question

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
TITLE = "FlashAttention: a quiz"
TEST = "test.xml"
EPOCH = (1980, 1, 1, 0, 0, 0)  # of the files in the zip: the same questions give the same bytes


def package(questions: Sequence[Question]) -> bytes:
    """The zip."""
    files = {"imsmanifest.xml": _manifest(questions), TEST: _test(questions)}
    files |= {item_file(question): _item(question) for question in questions}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, root in files.items():
            ET.indent(root)
            archive.writestr(zipfile.ZipInfo(name, EPOCH), ET.tostring(root, encoding="utf-8", xml_declaration=True), zipfile.ZIP_DEFLATED)
    return held.getvalue()


def item_file(question: Question) -> str:
    """Where a question lies in the zip."""
    return f"items/{question.name}.xml"


def _item(question: Question) -> ET.Element:
    """A choice with feedback to each answer: the feedback's identifier is the answer's."""
    root = _root("assessmentItem", identifier=question.name, title=question.name, adaptive="false", timeDependent="false")
    identifiers = [f"A{index + 1}" for index in range(len(question.answers))]
    (right,) = (name for name, answer in zip(identifiers, question.answers, strict=True) if answer.right)
    response = ET.SubElement(root, "responseDeclaration", identifier="RESPONSE", cardinality="single", baseType="identifier")
    ET.SubElement(ET.SubElement(response, "correctResponse"), "value").text = right
    score = ET.SubElement(root, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float")
    ET.SubElement(ET.SubElement(score, "defaultValue"), "value").text = "0"
    ET.SubElement(root, "outcomeDeclaration", identifier="FEEDBACK", cardinality="single", baseType="identifier")
    body = ET.SubElement(root, "itemBody")
    choice = ET.SubElement(body, "choiceInteraction", responseIdentifier="RESPONSE", shuffle="true", maxChoices="1")
    ET.SubElement(choice, "prompt").text = question.text
    for name, answer in zip(identifiers, question.answers, strict=True):
        ET.SubElement(choice, "simpleChoice", identifier=name).text = answer.text
    _scored(root)
    for name, answer in zip(identifiers, question.answers, strict=True):
        told = ET.SubElement(root, "modalFeedback", outcomeIdentifier="FEEDBACK", identifier=name, showHide="show")
        told.text = answer.feedback
    return root


def _scored(root: ET.Element) -> None:
    """1 for the right answer, else 0; and the feedback to the answer that was given."""
    processing = ET.SubElement(root, "responseProcessing")
    condition = ET.SubElement(processing, "responseCondition")
    met = ET.SubElement(condition, "responseIf")
    match = ET.SubElement(met, "match")
    ET.SubElement(match, "variable", identifier="RESPONSE")
    ET.SubElement(match, "correct", identifier="RESPONSE")
    for branch, points in ((met, "1"), (ET.SubElement(condition, "responseElse"), "0")):
        outcome = ET.SubElement(branch, "setOutcomeValue", identifier="SCORE")
        ET.SubElement(outcome, "baseValue", baseType="float").text = points
    outcome = ET.SubElement(processing, "setOutcomeValue", identifier="FEEDBACK")
    ET.SubElement(outcome, "variable", identifier="RESPONSE")


def _test(questions: Sequence[Question]) -> ET.Element:
    root = _root("assessmentTest", identifier="flashattention", title=TITLE)
    part = ET.SubElement(root, "testPart", identifier="part", navigationMode="nonlinear", submissionMode="individual")
    section = ET.SubElement(part, "assessmentSection", identifier="section", title=TITLE, visible="true")
    for question in questions:
        ET.SubElement(section, "assessmentItemRef", identifier=question.name, href=item_file(question))
    return root


def _manifest(questions: Sequence[Question]) -> ET.Element:
    root = ET.Element("manifest", {"xmlns": PACKAGE, "identifier": "flashviz-quiz"})
    root.append(ET.Comment(f" by flashviz; licence: {LICENCE} "))
    metadata = ET.SubElement(root, "metadata")
    ET.SubElement(metadata, "schema").text = "QTIv2.1 Package"
    ET.SubElement(metadata, "schemaversion").text = "1.0.0"
    ET.SubElement(root, "organizations")
    resources = ET.SubElement(root, "resources")
    whole = ET.SubElement(resources, "resource", identifier="test", type="imsqti_test_xmlv2p1", href=TEST)
    ET.SubElement(whole, "file", href=TEST)
    for question in questions:
        ET.SubElement(whole, "dependency", identifierref=f"resource-{question.name}")
    for question in questions:
        held = ET.SubElement(
            resources, "resource", identifier=f"resource-{question.name}", type="imsqti_item_xmlv2p1", href=item_file(question)
        )
        ET.SubElement(held, "file", href=item_file(question))
    return root


def _root(tag: str, **attributes: str) -> ET.Element:
    where = {"xmlns": QTI, "xmlns:xsi": XSI, "xsi:schemaLocation": f"{QTI} {QTI}.xsd"}
    return ET.Element(tag, where | attributes)
