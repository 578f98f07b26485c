"""What scripts say in comments, in English and in Korean: one key, two sentences."""

from glasshouse.errors import InputError

__all__ = ["LANGUAGES", "sentences"]

# key: (English, Korean)
_TEXTS: dict[str, tuple[str, str]] = {
    # the beginning of a script
    "title-learner": (
        "The run {run} on the level Learner.",
        "학습 {run}의 러너(Learner) 레벨 코드입니다.",
    ),
    "title-layers": (
        "The run {run} on the level Layers: the network layer by layer, the training as a loop.",
        "학습 {run}의 레이어(Layers) 레벨 코드입니다. 신경망을 층마다, 학습을 반복문으로 씁니다.",
    ),
    "title-autodiff": (
        "The run {run} on the level Autodiff: every number and every derivative, on torch's tensors.",
        "학습 {run}의 자동 미분(Autodiff) 레벨 코드입니다. 모든 값과 모든 미분을 torch 텐서로 계산합니다.",
    ),
    "same-on-tensors": (
        "Torch's own derivatives are off: loss.backward() walks the graph that Autodiff keeps. Its arrays are tensors\n"
        "and not NumPy's: torch's functions on tensors round as the run did, and roundings grow from step to step.\n"
        "The losses equal the run's to 1e-4 over the first 100 steps, and for most networks to the last digit.\n"
        "It needs the dataset's folder{more}. `python SCRIPT 100` stops after 100 steps.",
        "torch의 자동 미분은 끕니다. loss.backward()는 Autodiff가 기록한 그래프를 따라갑니다. 배열은 NumPy가 아니라\n"
        "텐서입니다. 반올림 차이는 스텝마다 커지는데, 텐서를 계산하는 torch의 함수는 원래 학습과 똑같이 반올림합니다.\n"
        "처음 100스텝의 손실이 원래 학습과 1e-4 안에서 같고, 대부분의 신경망에서는 마지막 자리까지 같습니다.\n데이터 "
        "세트 폴더{more} 필요합니다. `python SCRIPT 100`은 100스텝 뒤에 멈춥니다.",
    ),
    "same-bits": (
        "It gives the run's numbers, bit for bit on the same machine. It needs the dataset's folder{more}.",
        "같은 컴퓨터에서 원래 학습과 비트 단위까지 같은 값이 나옵니다. 데이터 세트 폴더{more} 필요합니다.",
    ),
    "and-nothing": (
        "",
        "가",
    ),
    "and-weights": (
        " and the file of weights",
        "와 가중치 파일이",
    ),
    "downloads": (
        " and the published weights",
        "와 공개된 가중치가",
    ),
    "limit": (
        "python SCRIPT 100: stop after 100 steps",
        "python SCRIPT 100: 100스텝 뒤에 멈춥니다",
    ),
    # parts of a script
    "own-network": (
        "the network that was built for this run; its first weights follow from the seed and the layers' names",
        "이 학습을 위해 만든 신경망. 초기 가중치는 시드와 층 이름에서 나옵니다",
    ),
    "pictures": (
        "The pictures, and the mean and deviation that they are normalised by, one number per channel.",
        "이미지, 그리고 정규화에 쓰는 채널별 평균과 표준편차.",
    ),
    "network": (
        "The network. Pictures are (channels, rows, columns), torch's order. The last layer gives scores: "
        "softmax is\npart of the loss.",
        "신경망. 이미지는 torch의 순서인 (채널, 행, 열)입니다. 마지막 층은 점수를 냅니다. 소프트맥스는 손실에 "
        "들어 있습니다.",
    ),
    "network-body": (
        "The network without its last layer. Pictures are (channels, rows, columns), torch's order. It is frozen: "
        "nothing in\nit learns.",
        "마지막 층을 뺀 신경망. 이미지는 torch의 순서인 (채널, 행, 열)입니다. 고정(동결)되어 있어 학습하지 않습니다.",
    ),
    "body-autodiff": (
        "Its layers are frozen and need no derivative, so torch computes them as they are; Autodiff learns below.",
        "고정된 층에는 미분이 필요 없으므로 torch가 그대로 계산합니다. 학습하는 것은 아래의 Autodiff입니다.",
    ),
    "network-own": (
        "The network. Its first weights follow from the seed and the layers' names.",
        "신경망. 초기 가중치는 시드와 층 이름에서 나옵니다.",
    ),
    "layered": (
        "Layered takes normalised pictures (N, C, H, W) and gives scores: softmax is part of the loss.",
        "Layered는 정규화된 이미지 (N, C, H, W)를 받아 점수를 냅니다. 소프트맥스는 손실에 들어 있습니다.",
    ),
    "begin": (
        "Initial weights: the catalogue's network draws them from the seed, by the published formulas.",
        "초기 가중치: 목록의 신경망이 공개된 공식에 따라 시드로 뽑습니다.",
    ),
    "begin-loaded": (
        "Initial weights: the head is drawn from the seed, the rest is read from trained weights.",
        "초기 가중치: 마지막 층은 시드로 뽑고, 나머지는 학습된 가중치에서 읽습니다.",
    ),
    "channels-last": (
        "convolutions run faster with the channels last in memory",
        "채널이 메모리에서 마지막에 있으면 합성곱이 빠릅니다",
    ),
    "cudnn": (
        "only algorithms that give the same bits twice",
        "두 번 해도 같은 비트를 내는 알고리즘만 씁니다",
    ),
    "augmentation": (
        "What changes a training picture; all draws follow from (seed, epoch, picture).",
        "데이터 증강: 학습 이미지를 바꾸는 방법. 모든 무작위 값은 (시드, 에포크, 이미지)에서 나옵니다.",
    ),
    "optimizer": (
        "{name} over (parameters, share of the rate). Weight decay draws weights towards 0 and leaves biases "
        "and\n    normalisation alone; what is in no group does not change.",
        "{name}: (매개변수, 학습률의 비율)마다. 가중치 감쇠는 가중치만 0으로 당기고 편향과 정규화는 그대로 "
        "둡니다.\n    어느 그룹에도 없는 것은 움직이지 않습니다.",
    ),
    "fine-tune": (
        "Fine-tuning. While the body is frozen, the head learns, and the batch norms of the body at a tenth "
        "of its\nrate; their moving statistics follow the pictures. Then everything learns, earlier layers "
        "more slowly.",
        "미세 조정. 기반 층이 고정된 동안 마지막 층이 학습하고, 기반 층의 배치 정규화는 그 10분의 1 학습률로 "
        "학습합니다.\n이동 평균은 이미지를 따릅니다. 그다음 모두 학습하며, 앞쪽 층은 더 느리게 학습합니다.",
    ),
    "phases": (
        "first epoch: (epochs, rate, form of the cycle, groups)",
        "첫 에포크: (에포크 수, 학습률, 사이클의 모양, 그룹)",
    ),
    "validate": (
        "Mean loss (nats) and accuracy on the validation pictures, computed as a model predicts: in blocks "
        "of one\n    size, with the moving statistics folded into the convolutions, without dropout.",
        "검증 이미지의 평균 손실(nat)과 정확도. 모델이 예측하는 방식대로: 같은 크기의 배치로, 이동 평균을 "
        "합성곱에 접어 넣고,\n    드롭아웃 없이 계산합니다.",
    ),
    "validate-autodiff": (
        "Mean loss (nats) and accuracy on the validation pictures: moving statistics, no dropout, no graph.",
        "검증 이미지의 평균 손실(nat)과 정확도: 이동 평균을 쓰고, 드롭아웃과 그래프는 없습니다.",
    ),
    "validate-features": (
        "Mean loss (nats) and accuracy on the features of the validation pictures: no dropout, no graph.",
        "검증 이미지 특성의 평균 손실(nat)과 정확도: 드롭아웃과 그래프는 없습니다.",
    ),
    "one-left-out": (
        "a last batch of one picture is left out: batch norm needs two",
        "이미지 한 장뿐인 마지막 배치는 뺍니다. 배치 정규화에는 두 장이 필요합니다",
    ),
    "dropout-seed": (
        "what dropout draws follows from (seed, epoch, step, batch of the step)",
        "드롭아웃의 무작위 값은 (시드, 에포크, 스텝, 스텝 안의 배치)에서 나옵니다",
    ),
    "loss": (
        "cross-entropy, the mean over the pictures of the step",
        "교차 엔트로피, 스텝에 든 이미지의 평균",
    ),
    "clip": (
        "the gradient of all weights together is at most this long",
        "그래디언트 클리핑: 모든 가중치의 그래디언트를 합친 길이의 한도",
    ),
    "average": (
        "average ← d average + (1 - d) weights; it is what is judged and kept",
        "평균 ← d 평균 + (1 - d) 가중치. 평가하고 보관하는 것은 이 평균입니다",
    ),
    "accumulate": (
        "gradients of {count} batches are added before a step",
        "그래디언트 누적: 한 스텝 전에 배치 {count}개의 그래디언트를 더합니다",
    ),
    "best": (
        "the weights of the best epoch are kept",
        "가장 좋은 에포크의 가중치를 보관합니다",
    ),
    "stopping": (
        "stop when {count} epochs in a row were not better",
        "{count}에포크 연속으로 나아지지 않으면 멈춥니다",
    ),
    "restore": (
        "The model is the best epoch's.",
        "모델은 가장 좋은 에포크의 것입니다.",
    ),
    "warmup": (
        "the rate rises in a straight line first",
        "처음에는 학습률이 직선으로 오릅니다",
    ),
    "features": (
        "Features: the frozen network without its last layer, computed once for every picture.",
        "특성: 마지막 층을 뺀 고정된 신경망을 이미지마다 한 번만 계산합니다.",
    ),
    "head": (
        "What learns: one layer on the features.",
        "학습하는 것: 특성 위의 층 하나.",
    ),
    "view": (
        "A view is a set of draws of the augmentation; None is the plain pictures. (V, N, F)",
        "변형마다 데이터 증강을 새로 뽑습니다. None은 원래 이미지입니다. (V, N, F)",
    ),
    "chosen": (
        "The pictures that the run learned from; what is left out of them judges it.",
        "이 학습이 배운 이미지. 여기서 빠진 이미지로 평가합니다.",
    ),
    "together": (
        "The training and the validation pictures together.",
        "학습 이미지와 검증 이미지를 합친 것.",
    ),
    "solver": (
        "The head is not trained in steps but solved for: multinomial logistic regression on standardised features.\n"
        "The loss is convex, so there is one answer.",
        "마지막 층은 스텝으로 학습하지 않고 풀어서 구합니다. 표준화한 특성에 대한 다항 로지스틱 회귀입니다.\n"
        "손실이 볼록하므로 답은 하나입니다.",
    ),
    "solver-log_softmax": (
        "ln softmax of each row of scores (N, K).",
        "점수 (N, K)의 행마다 ln softmax.",
    ),
    "solver-lbfgs": (
        "The minimum of a smooth convex function, which gives (value, gradient): L-BFGS (Nocedal 1980).",
        "(값, 기울기)를 주는 매끄러운 볼록 함수가 가장 작은 곳: L-BFGS (Nocedal 1980).",
    ),
    "solver-solve": (
        "Weights (F + 1, K), the last row the biases, for features x (N, F), labels y and weights w (N,).",
        "특성 x (N, F), 레이블 y, 가중 w (N,)에 대한 가중치 (F + 1, K). 마지막 행은 편향.",
    ),
    "solver-strengths_tried": (
        "Each strength with its loss and ln p (N, K) on pictures left out, fold by fold, until it gets no better.",
        "강도마다 폴드별로 뺀 이미지의 손실과 ln p (N, K). 더 나아지지 않을 때까지 시도합니다.",
    ),
    "fit-head": (
        "The strength with the least loss on pictures left out, then the weights from all pictures. One thread, so\n"
        "that any number of cores gives the same bits.",
        "뺀 이미지에서 손실이 가장 작은 강도를 고른 뒤 모든 이미지로 가중치를 구합니다. 스레드는 하나라서\n"
        "코어 수와 상관없이 비트까지 같습니다.",
    ),
    "class-weights": (
        "weights of the classes in the loss",
        "손실에서 클래스의 가중치",
    ),
    # what a script prints, as Python's f-strings
    "printed-step": (
        "step {len(losses)}: loss {losses[-1]!r}",
        "스텝 {len(losses)}: 손실 {losses[-1]!r}",
    ),
    "printed-epoch": (
        "epoch {epoch + 1}: ",
        "에포크 {epoch + 1}: ",
    ),
    "printed-best": (
        "the best epoch is {best_epoch}: {history[best_epoch - 1]}",
        "가장 좋은 에포크는 {best_epoch}입니다: {history[best_epoch - 1]}",
    ),
    "printed-strength": (
        "strength {strength:g}: {loss!r} on pictures left out",
        "강도 {strength:g}: 뺀 이미지의 손실 {loss!r}",
    ),
    "printed-scores": (
        "strength {strength:g}: {history[0]}",
        "강도 {strength:g}: {history[0]}",
    ),
    "printed-report": (
        "print(learner.evaluate())",
        "report = learner.evaluate()\nlow, high = report.interval\n"
        'print(f"정확도 {report.accuracy:.1%} (95% 신뢰 구간 {100 * low:.1f}~{100 * high:.1f}%)")',
    ),
    # the level Autodiff
    "optimizer-autodiff": (
        "{formula}\n\n    Weight decay draws weights towards 0 and leaves biases and normalisation alone.",
        "{formula}\n\n    가중치 감쇠는 가중치만 0으로 당기고 편향과 정규화는 그대로 둡니다.",
    ),
    "fill": (
        "Give the layers their first arrays, in order: W, b; of batch norm gamma, beta, mean, "
        "variance.\n    A dense W is (inputs, outputs) here, torch's the other way round: the same memory, "
        "read in columns.",
        "층에 초기 배열을 차례로 줍니다: W, b. 배치 정규화는 gamma, beta, 평균, 분산.\n    여기서 Dense의 W는 "
        "(입력, 출력)이고, torch에서는 반대입니다. 같은 메모리를 열 방향으로 읽습니다.",
    ),
    "turned": (
        "the last layer's lies in columns, as torch's Linear keeps it",
        "마지막 층의 W는 torch의 Linear처럼 열 방향으로 놓습니다",
    ),
    "clip-autodiff": (
        "Shorten the gradients where all together are too long; their lengths are added in the order of torch's "
        "groups.",
        "모든 그래디언트를 합친 길이가 한도를 넘으면 줄입니다. 길이는 torch의 그룹 순서로 더합니다.",
    ),
    "mask": (
        "The same units as in the run are dropped.",
        "원래 학습과 같은 유닛을 끕니다.",
    ),
    "changed": (
        "A layer that changes pictures in training, by the run's draws: NumPy's, for every picture its own.",
        "학습할 때 이미지를 바꾸는 층. 원래 학습과 같은 값을 NumPy가 이미지마다 따로 뽑습니다.",
    ),
    "first-weights": (
        "First weights: name, formula, shape in Keras' axes.",
        "초기 가중치: 이름, 공식, Keras 축 순서의 모양.",
    ),
    "read-own": (
        "The same layers in the words of Layers: they only read the file of weights.",
        "같은 층을 레이어(Layers)로 쓴 것. 가중치 파일을 읽는 데만 씁니다.",
    ),
    "own-graph": (
        "y.backward() walks the graph that forward left behind; torch keeps none here",
        "y.backward()는 forward가 남긴 그래프를 따라갑니다. 여기서 torch는 그래프를 만들지 않습니다",
    ),
    # schedules
    "constant": (
        "The rate stays.",
        "학습률이 그대로입니다.",
    ),
    "step": (
        "The rate falls in steps.",
        "학습률이 계단처럼 내려갑니다.",
    ),
    "multi-step": (
        "The rate falls at each milestone (percent of the training).",
        "감소 지점(학습의 백분율)마다 학습률이 내려갑니다.",
    ),
    "exponential": (
        "The rate falls by the same factor every percent.",
        "학습이 1퍼센트 진행될 때마다 학습률이 같은 비율로 내려갑니다.",
    ),
    "inverse": (
        "The rate falls like a power of the way.",
        "학습률이 진행 정도의 거듭제곱에 따라 내려갑니다.",
    ),
    "polynomial": (
        "The rate falls to 0 like a power of what is left.",
        "학습률이 남은 정도의 거듭제곱에 따라 0까지 내려갑니다.",
    ),
    "sigmoid": (
        "The rate falls along an S.",
        "학습률이 S자를 따라 내려갑니다.",
    ),
    "cosine": (
        "The rate falls along half a cosine.",
        "학습률이 코사인 반 주기를 따라 내려갑니다.",
    ),
    "one-cycle": (
        "One cycle: up to the peak along half a cosine, then down along another. t from 0 to 1.",
        "원 사이클: 코사인 반 주기로 정점까지 올랐다가 다시 내려갑니다. t는 0에서 1까지.",
    ),
}
LANGUAGES = {"en": 0, "ko": 1}


def sentences(language: str) -> dict[str, str]:
    """What scripts say, by key.

    Raises:
        InputError: the language is not one of LANGUAGES.
    """
    if language not in LANGUAGES:
        raise InputError(
            "the language of comments is one of {LANGUAGES}, got {language}",
            LANGUAGES=", ".join(LANGUAGES),
            language=repr(language),
        )
    return {key: texts[LANGUAGES[language]] for key, texts in _TEXTS.items()}
