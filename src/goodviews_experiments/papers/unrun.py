"""What was not run, each with a forecast of its hours."""

from goodviews_experiments.papers.claim import Unrun
from goodviews_experiments.papers.hours import JIGSAW, PLAIN, detector, imagenet, resnet18, runs

LONGER, WHY = 5, "five times as long, because these runs were still improving"
COLOUR = "|flip()|jitter(1.0, p=0.8)|grey(p=0.2)"
SETS = "imagenette96 and CIFAR-10, ConvNet, crops of 24 px, 5 seeds"
VIEWS = (
    Unrun(
        "Distance between patches (figure)", "Shared information falls with the distance d, and "
        "accuracy is an inverted U in it", "best near d = 128 of 64 to 384 px (L)",
        "photographs at their own size, 14 distances, 5 seeds",
        runs(70, "presets_axis", times=LONGER * (64 / 24) ** 2, why=f"64 px, {WHY}"),
        "goodviews study photos --seeds 5 --views "
        "'patches(size=64, distance={16, 64, 96, 128, 192, 256})' --views "
        "'patches(size=32, distance={8, 16, 32, 64, 96, 128, 192, 256})'",
    ),
    Unrun(
        "Colour spaces (figure)", "The other spaces (HSV, YIQ, YUV, YPbPr, YCbCr, "
        "LUV, HED, XYZ): accuracy rises as shared information falls", "(NE)",
        "imagenette96, two ConvNets, crops of 24 px, 5 seeds",
        runs(40, "presets_axis", times=2 * LONGER, why=f"two encoders, {WHY}"),
        "goodviews study imagenette96 --size 32 --seeds 5 --views "
        "\"crop(scale=(0.3, 1), size=24)|flip()"
        "|colour({'hsv', 'yiq', 'yuv', 'ypbpr', 'ycbcr', 'luv', 'hed', 'xyz'})|split(1)\"",
    ),
    Unrun(
        "Colour spaces (figure)", "The same order on segmentation of NYU-Depth-V2 (mean IoU)",
        "(NE)", "12 frozen pairs of encoders, 5 seeds, a head of 4 layers each",
        runs(60, "presets_axis", times=2, why="a head is reckoned as long as an encoder; the "
             "images are not at hand"),
    ),
    Unrun(
        "Frequencies (figure)", "Views that share as much differ in accuracy: I_NCE is highest "
        "near sigma 0.7, accuracy falls below it and has its peak above",
        "sigma 0.7 (L)", "imagenette96, two ConvNets, 8 values of sigma, 5 seeds",
        runs(40, "presets_axis", times=2 * LONGER, why=f"two encoders, {WHY}"),
        "goodviews study imagenette96 --size 32 --seeds 5 --views "
        "'crop(scale=(0.3, 1), size=24)|flip()|frequency(sigma={0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5})'",
    ),
    Unrun(
        "Strength of augmentation (figures)", "The whole curve over crops: peak at c = 0.2",
        "c = 0.2", SETS, runs(80, "presets_axis", times=LONGER, why=WHY),
        "goodviews study imagenette96 --size 32 --seeds 5 --views "
        f"'crop(scale=({{0.02, 0.05, 0.08, 0.2, 0.4, 0.6, 0.8, 0.95}}, 1), size=24){COLOUR}'",
    ),
    Unrun(
        "Strength of augmentation (figures)", "The whole curve over colour jitter: peak at x = 1",
        "x = 1; nearest neighbours also form an inverted U (L)", SETS,
        runs(80, "presets_axis", times=LONGER, why=WHY),
        "goodviews study imagenette96 --size 32 --seeds 5 --views "
        "'crop(scale=(0.2, 1), size=24)|flip()|jitter({0, 0.125, 0.25, 0.5, 1, 1.5, 2, 2.5}, "
        "p=0.8)|grey(p=0.2)'",
    ),
    Unrun(
        "ImageNet, comparison with earlier methods (table)", "InfoMin, ResNet-50, 100, 200 and "
        "800 epochs: top-1 (top-5)",
        "67.4 (87.9 (L)) / 70.1 (89.4 (L)) / 73.0 (91.1); nearest neighbours, 800 epochs: 65.3",
        "ImageNet, ResNet-50, 224 px",
        imagenet(1100), "goodviews pretrain imagenet --method infomin --backbone resnet50",
    ),
    Unrun(
        "ImageNet, comparison with earlier methods (table)", "Local Aggregation, 200 epochs",
        "58.8 (L)", "ImageNet, ResNet-50, 224 px", imagenet(200, times=1 / JIGSAW, why=PLAIN),
    ),
    Unrun(
        "ImageNet, larger networks (table)", "InfoMin, ResNet-101, -152, ResNeXt-101, -152",
        "73.4 / 73.4 / 74.5 / 75.2", "ImageNet, 200 epochs (ResNet-101: 300)",
        imagenet(900, times=3.5, why="multiply-adds of the four networks beside ResNet-50's, "
                 "weighted by epochs"),
        "goodviews pretrain imagenet --method infomin --backbone resnet101",
    ),
    Unrun(
        "InfoMin augmentation, step by step (appendix)", "Each part of InfoMin adds accuracy",
        "(NE)", "CIFAR-10, 8 arms, 5 seeds, ten times the length of methods_learn",
        runs(40, "methods_learn", times=10, why="longer, so that InfoMin learns",
             method="infomin", role="learned"),
    ),
    Unrun(
        "Transfer to COCO (tables)", "InfoMin over supervised, Mask R-CNN, FPN 1x: box / mask AP",
        "40.6 / 36.7 over 39.7 / 35.9; FPN 2x 42.5 / 38.4 over 41.6 / 37.6; FPN 6x 43.6 / 39.2 "
        "over 42.6 / 38.5; C4 1x 39.0 / 34.1 over 38.2 / 33.3; C4 2x 41.3 / 36.0 over 40.0 / 34.7",
        "COCO, ResNet-50, two initialisations, 12 times the 1x schedule, after ImageNet",
        detector(90_000, 24),
        "goodviews transfer RUN coco --target masks --freeze none --steps 90000 --batch 16",
    ),
    Unrun(
        "Transfer to PASCAL VOC (table)", "InfoMin, Faster R-CNN C4: AP50 / AP / "
        "AP75", "(all L) 82.7 / 57.6 / 64.6; MoCo 81.5 / 55.9 / 62.6; PIRL 81.0 / 55.5 / 61.3; "
        "InstDis 80.9 / 55.2 / 61.2; supervised 81.3 / 53.5 / 58.8; random 60.2 / 33.8 / 33.1",
        "VOC, ResNet-50, 6 initialisations, 5 runs of 24,000 steps, after ImageNet",
        detector(24_000, 30),
        "goodviews transfer RUN VOC2007 --neck c4 --freeze none --steps 24000 --batch 16",
    ),
    Unrun(
        "Learned views, larger networks (table)", "Learned views are better than raw ones",
        "(NE)", "imagenette96, ResNet-18, 6 arms, 5 seeds",
        resnet18(60),
    ),
)  # fmt: skip
LONG = "ten times as long, because training hardly beat random weights"
BATCH = "CIFAR-10, ConvNet, "
DUALITY = (
    Unrun(
        "ImageNet accuracy by projector and dimension (table)", "Accuracy rises with d for VICReg "
        "d-d-d and is flat for SimCLR and VICReg-ctr with 8192-8192-d",
        "+6.8 from d = 256 to 8192; +0.2 (L); 0.0 (L); VICReg at d = 256: 55.9 before tuning",
        BATCH + "5 methods, two families of projectors, 4 dimensions, 5 seeds",
        runs(200, "duality", times=10, why=LONG, head="1024-1024-128"),
    ),
    Unrun(
        "ImageNet accuracy by projector and dimension (table)", "A 2048-d projector is 3.5 to 4 "
        "points below 8192-8192-d, for VICReg and VICReg-ctr", "−3.5 to −4 points",
        BATCH + "2 methods, 4 dimensions, 5 seeds",
        runs(40, "duality", times=10, why=LONG, head="128-128-128"),
    ),
    Unrun(
        "Batch size", "Large batches are not needed by contrastive methods either",
        "argued from other works", BATCH + "5 methods, 3 batch sizes, 5 seeds",
        runs(75, "duality", times=10, why=LONG, head="1024-1024-128"),
    ),
    Unrun(
        "Online probe", "The online classifier follows the offline one", "almost perfect "
        "correlation", BATCH + "10 methods, 5 seeds",
        runs(50, "duality", times=10, why=LONG, head="1024-1024-128"),
    ),
    Unrun(
        "1,000 epochs", "SimCLR with standardised dimensions is close to VICReg",
        "72.6 and 73.3", "ImageNet, ResNet-50, 224 px, two methods",
        imagenet(2000, times=1 / JIGSAW, why=PLAIN),
        "goodviews pretrain imagenet --method vicreg --backbone resnet50 --epochs 1000",
    ),
)  # fmt: skip
