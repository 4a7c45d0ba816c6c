"""Complaints about what a study reads: files, folders, packages and hub names. Known only where the study is to run."""

from attrs import frozen

from .base import Diagnostic


@frozen(kw_only=True)
class MissingDataFile(Diagnostic):
    code = "missing-data-file"
    says = "there is no file `{path}`"
    help = "`{pattern}` is looked for beside the spec, or under the folder of `--data`"
    path: str
    pattern: str


@frozen(kw_only=True)
class MissingMaskFile(Diagnostic):
    code = "missing-mask-file"
    says = "there is no mask file `{path}`"
    help = "it is looked for beside the spec, or under the folder of `--data`"
    path: str


@frozen(kw_only=True)
class UnreadableDataFile(Diagnostic):
    code = "unreadable-data-file"
    says = "`{path}` cannot be read: {reason}"
    help = "json lines, json, csv, tsv, parquet and text files are read, each by its ending"
    path: str
    reason: str


@frozen(kw_only=True)
class MissingColumn(Diagnostic):
    code = "missing-column"
    says = "`{path}` has no column `{column}`"
    help = "its columns are {columns}"
    column: str
    path: str
    columns: tuple[str, ...]


@frozen(kw_only=True)
class LabelOutOfRange(Diagnostic):
    code = "label-out-of-range"
    says = "row {row} of the split `{split}` has the label {value}, and there are {classes} classes"
    help = "labels are 0 to the number of classes less one; `label NAME, classes N` says how many there are"
    value: str
    row: int
    split: str
    classes: int


@frozen(kw_only=True)
class BadLabel(Diagnostic):
    code = "bad-label"
    says = "row {row} of the split `{split}` has the label {value}, which this kind of task cannot use"
    help = "classes are all whole numbers or all words, scores are numbers; unlabelled rows have no place in a split"
    value: str
    row: int
    split: str


@frozen(kw_only=True)
class TooManyClasses(Diagnostic):
    code = "too-many-classes"
    says = "the labels in `{column}` make {classes} classes, and more than {limit} are probably numbers of rows"
    help = "name the column of the answer; if there are so many classes, say so: `label {column}, classes {classes}`"
    column: str
    classes: int
    limit: int


@frozen(kw_only=True)
class NamedF1(Diagnostic):
    code = "named-f1"
    says = "of two classes `f1` scores class 1, and the labels in `{column}` are words: none of them is class 1"
    help = "write the labels as 0 and 1, or score by `accuracy` or `matthews`"
    column: str


@frozen(kw_only=True)
class MissingSplit(Diagnostic):
    code = "missing-split"
    says = "the data has no split `{split}`"
    help = "it has {splits}; `splits` names the one trained on and the one scored on"
    split: str
    splits: tuple[str, ...]


@frozen(kw_only=True)
class EmptySplit(Diagnostic):
    code = "empty-split"
    says = "the split `{split}` has no examples"
    help = "look into the file; perhaps another split was meant"
    split: str


@frozen(kw_only=True)
class OutsideRoot(Diagnostic):
    code = "outside-root"
    says = "`{path}` lies outside `{root}`"
    help = "with `--data` nothing outside that folder is read"
    path: str
    root: str


@frozen(kw_only=True)
class MissingModelFolder(Diagnostic):
    code = "missing-model-folder"
    says = "there is no model folder `{path}`"
    help = "it is looked for beside the spec, or under the folder of `--data`"
    path: str


@frozen(kw_only=True)
class ModelWithoutWeights(Diagnostic):
    code = "model-without-weights"
    says = "the model folder `{path}` holds no weights"
    help = "it needs a `model.safetensors` (or `pytorch_model.bin`) beside its `config.json`"
    path: str


@frozen(kw_only=True)
class ModelWithoutTokenizer(Diagnostic):
    code = "model-without-tokenizer"
    says = "the model folder `{path}` holds no tokenizer"
    help = "it needs a `tokenizer.json` or `vocab.txt`: save the tokenizer into the same folder"
    path: str


@frozen(kw_only=True)
class MissingPackage(Diagnostic):
    code = "missing-package"
    says = "no package called `{name}` is installed"
    help = "install it into the environment that runs `ticketrun`"
    name: str


@frozen(kw_only=True)
class UnreadableModelFolder(Diagnostic):
    code = "unreadable-model-folder"
    says = "the model folder `{path}` cannot be read: {reason}"
    help = "save the model anew with `save_pretrained`, or fetch it again"
    path: str
    reason: str


@frozen(kw_only=True)
class UnsupportedModel(Diagnostic):
    code = "unsupported-model"
    says = "this model cannot be used: `{model_type}`"
    help = "it may be one of {known}"
    model_type: str
    known: str


@frozen(kw_only=True)
class SharedLayers(Diagnostic):
    code = "shared-layers"
    says = "{what} asks for layers of their own, and those of `{model}` are shared"
    help = "leave it out, or take a model that has as many layers as an input goes through"
    what: str
    model: str


@frozen(kw_only=True)
class LongerThanModel(Diagnostic):
    code = "longer-than-model"
    says = "inputs of {length} tokens are longer than the {longest} that the model takes"
    help = "say `length {longest} tokens`, or less"
    length: int
    longest: int


@frozen(kw_only=True)
class ScopeNotInModel(Diagnostic):
    code = "scope-not-in-model"
    says = "`{model}` has no {scope}"
    help = "leave `{scope}` out of the scope of `prune`"
    scope: str
    model: str


@frozen(kw_only=True)
class HeadNotInModel(Diagnostic):
    code = "head-not-in-model"
    says = "`{model}` comes without a head for masked words"
    help = "say `head fresh`, or take a model that is saved with the head it was pre-trained with"
    model: str


@frozen(kw_only=True)
class HubUnreachable(Diagnostic):
    code = "hub-unreachable"
    says = "`{name}` cannot be fetched: {reason}"
    help = "try again with a network, or name a local `folder` or `files`; results already made are kept"
    name: str
    reason: str


@frozen(kw_only=True)
class UnknownHubName(Diagnostic):
    code = "unknown-hub-name"
    says = "the hub has nothing called `{name}`"
    help = "names have an owner, as in `google-bert/bert-base-uncased`; a private one needs a login"
    name: str
