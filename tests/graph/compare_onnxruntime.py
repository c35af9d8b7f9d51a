# SPDX-License-Identifier: Apache-2.0
"""Compares the importer and the float executor with onnxruntime on random networks.

    compare_onnxruntime.py RUN_GRAPH [--seed S] [--count N] [--restamp] [--exported] [--model FILE ...] [--models-in FOLDER]

RUN_GRAPH is the helper of run_graph.cpp. Every network has to import, and every output has to be
within 1e-4 of the largest one. Of quantised files, where sums in another order are rounded to other integers,
every output has to be within four steps of its quantiser, and for every image the norm of the differences
within a twentieth of that of the outputs around their mean, unless all are within one step. A failure prints
seed, first differing index (of quantised files the most differing), expected and actual, and the command that
repeats it; exit status 1. --model and --models-in compare given ONNX files instead; exit status 77 when there is none. --restamp gives every network the
number of another opset: what onnxruntime runs then has to agree, what it refuses may be refused. --exported
compares what the exporter makes of each network instead: onnxruntime has to take it, under the same names and with
the same shapes and types, and agree on it, and so has the importer.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort

import onnx_writer
import random_models

TOLERANCE = 1e-4
TOLERANCE_QUANTISED = 5e-2
STEPS_QUANTISED = 4


def reference(model, x, batch):
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    key = session.get_inputs()[0].name
    return np.concatenate([session.run(None, {key: x[i:i + batch]})[0] for i in range(0, len(x), batch)])


def ends(model):
    """Input and output: names, element types, shapes."""
    constants = {t.name for t in model.graph.initializer}
    return [v for v in [*model.graph.input, *model.graph.output] if v.name not in constants]


def keeps_ends(made, before):
    """True if whatever `before` says of its ends is true of `made`."""
    for mine, theirs in zip(ends(made), ends(before), strict=True):
        completed = onnx.ValueInfoProto()
        completed.CopyFrom(theirs)
        if not theirs.type.tensor_type.elem_type:
            completed.type.tensor_type.elem_type = mine.type.tensor_type.elem_type
        if not theirs.type.tensor_type.HasField("shape"):
            completed.type.tensor_type.shape.CopyFrom(mine.type.tensor_type.shape)
        if completed != mine:
            return False
    return True


class Comparison:
    def __init__(self, helper, folder, exported=False):
        self.helper, self.folder, self.exported, self.jobs = helper, folder, exported, []

    def add(self, label, model, x, wanted):
        stem = os.path.join(self.folder, str(len(self.jobs)))
        onnx.save(model, stem + ".onnx")
        np.save(stem + ".x.npy", x)
        self.jobs.append((label, stem, wanted, is_quantised(model), output_step(model)))

    def run(self):
        """Verdicts: (label, None or what is wrong, the helper's line)."""
        lines = "".join(f"{stem}.onnx {stem}.x.npy {stem}.y.npy {stem}.out.onnx\n" + f"{stem}.out.onnx {stem}.x.npy {stem}.y2.npy\n" * self.exported
                        for _, stem, *_ in self.jobs)
        done = subprocess.run([self.helper], input=lines, capture_output=True, text=True)
        answers = done.stdout.splitlines()
        again = answers[1::2]
        answers = answers[::1 + self.exported]
        for i, (label, stem, wanted, quantised, step) in enumerate(self.jobs):
            if i >= len(answers):
                yield label, f"the helper died with {done.returncode}: {done.stderr[-400:]}", ""
                return
            if not answers[i].startswith("ok "):
                yield label, answers[i], answers[i]
                continue
            if self.exported and not again[i].startswith("ok "):
                yield label, f"exported and imported again: {again[i]}", again[i]
                continue
            results = [np.load(stem + ".y2.npy"), self.run_exported(stem, wanted)] if self.exported else [np.load(stem + ".y.npy")]
            problems = [r if isinstance(r, str) else self.difference(r, wanted, quantised, step) for r in results]
            yield label, next(filter(None, problems), None), answers[i]

    @staticmethod
    def run_exported(stem, wanted):
        """What onnxruntime gives for the exported model, or what is wrong with that."""
        made, before, x = onnx.load(stem + ".out.onnx"), onnx.load(stem + ".onnx"), np.load(stem + ".x.npy")
        if not keeps_ends(made, before):
            return f"input and output: {ends(made)}, expected {ends(before)}"
        try:
            onnx.checker.check_model(made, full_check=True)
            got = reference(made, x, max(made.graph.input[0].type.tensor_type.shape.dim[0].dim_value, 1))
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return got if got.dtype == wanted.dtype else f"type {got.dtype}, expected {wanted.dtype}"

    @staticmethod
    def difference(got, wanted, quantised, step=None):
        if got.shape != wanted.shape:
            return f"shape {got.shape}, expected {wanted.shape}"
        if quantised:
            return difference_quantised(got.reshape(len(got), -1), wanted.reshape(len(wanted), -1), step)
        scale = max(float(np.abs(wanted).max(initial=0)), 1e-3)
        wrong = ~(np.abs(got - wanted) <= TOLERANCE * scale)
        if not wrong.any():
            return None
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        return f"first difference at {at}: {got[at]!r}, expected {wanted[at]!r}; {int(wrong.sum())} of {wrong.size} differ"


def difference_quantised(got, wanted, step):
    """What is wrong with the first wrong row, or None; `step` is None where the output has no quantiser."""
    for i, (apart, row) in enumerate(zip(got - wanted, wanted)):
        largest, norm, spread = np.abs(apart).max(), np.linalg.norm(apart), np.linalg.norm(row - row.mean())
        is_close = norm <= TOLERANCE_QUANTISED * spread or (step and largest <= step)
        if not (is_close and largest <= (STEPS_QUANTISED * step if step else np.inf)):
            at = int(np.argmax(np.abs(apart)))
            return (f"image {i}: largest difference at {at}: {row[at] + apart[at]!r}, expected {row[at]!r}; step {step}, "
                    f"norm of the differences {norm}, of the outputs around their mean {spread}")
    return None


def images_for(rng, dims, batch):
    return rng.normal(size=[2 * batch + (1 if batch == 1 else 0)] + list(dims)).astype(np.float32)


def restamped(model, seed):
    """The same nodes under the number of another opset, which may mean something else by them."""
    other = onnx.ModelProto()
    other.CopyFrom(model)
    other.opset_import[0].version = int(np.random.default_rng(seed).choice([o for o in onnx_writer.OPSETS if o >= 7]))
    return other


def is_quantised(model):
    """True for the QDQ and QOperator forms of a network, which have scales of their own."""
    return any(node.op_type == "DequantizeLinear" or node.op_type.startswith("QLinear") for node in model.graph.node)


def output_step(model):
    """The scale of the DequantizeLinear that gives the output; None where another node does."""
    constants = {t.name: t for t in model.graph.initializer}
    for node in model.graph.node:
        if model.graph.output[0].name in node.output and node.op_type == "DequantizeLinear":
            return float(onnx.numpy_helper.to_array(constants[node.input[1]]).max())
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("helper")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--model", nargs="*", default=[])
    parser.add_argument("--models-in", type=pathlib.Path)
    parser.add_argument("--restamp", action="store_true")
    parser.add_argument("--exported", action="store_true")
    args = parser.parse_args()
    if args.models_in:
        args.model += sorted(map(str, [*args.models_in.glob("*.onnx"), *args.models_in.glob("*/*.onnx")]))
        if not args.model:
            print(f"skipped: no networks in {args.models_in}")
            return 77
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(args.helper, folder, args.exported)
        for path in args.model:
            model = onnx.load(path)
            shape = model.graph.input[0].type.tensor_type.shape.dim
            batch = max(shape[0].dim_value, 1)
            x = images_for(np.random.default_rng(args.seed), [d.dim_value for d in shape[1:]], batch)
            comparison.add(path, model, x, reference(model, x, batch))
        for seed in range(args.seed, args.seed + (0 if args.model else args.count)):
            case = random_models.make(seed)
            x = images_for(np.random.default_rng(seed), case.dims, case.batch)
            if args.restamp:
                model = restamped(case.model, seed)
                try:
                    wanted = reference(model, x, case.batch)
                except Exception:  # the nodes have another form in that opset
                    continue
                text = f"seed {seed} ({case.text}) as opset {model.opset_import[0].version}"
                comparison.add(text, model, x, wanted)
                continue
            try:
                wanted = reference(case.reference, x, case.batch)
            except Exception as error:  # the generator made what onnxruntime does not take
                raise RuntimeError(f"seed {seed} ({case.text})") from error
            comparison.add(f"seed {seed} ({case.text})", case.model, x, wanted)
        for label, problem, _ in comparison.run():
            if problem:
                wrong += 1
                print(f"WRONG {label}: {problem}")
                if label.startswith("seed "):
                    more = " --restamp" * args.restamp + " --exported" * args.exported
                    print(f"  repeat: {sys.executable} {__file__} {args.helper} --seed {label.split()[1]} --count 1{more}")
        total = len(comparison.jobs)
    print(f"{total - wrong} of {total} networks agree with onnxruntime {ort.__version__} (seeds from {args.seed})")
    return 1 if wrong or not total else 0


if __name__ == "__main__":
    sys.exit(main())
