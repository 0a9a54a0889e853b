using System.CommandLine;
using System.CommandLine.Parsing;
using OpenVdi.Cli.Demo;
using OpenVdi.Cli.Output;

namespace OpenVdi.Cli.Commands;

/// <summary><c>vdi demo</c>.</summary>
internal static class DemoCommand
{
    // Small enough that the first minute is not spent waiting.
    private const string DefaultSize = "256MiB";
    private const int DefaultDeviceCount = 2;
    private const int MaxDeviceCount = 64;
    private const int MaxWriterCount = 16;
    private const int MaxRoundCount = 100;
    private const long MinSizeBytes = 1 << 20;

    // The database and its log, two generations of stripes, the restored file, two of the plain copy.
    private const int SpaceFactor = 7;

    private static readonly Option<long> s_size = new("--size")
    {
        Description = "About how large the database is, for instance 64MiB or 2GiB.",
        HelpName = "BYTES",
        CustomParser = ParseSize,
        DefaultValueFactory = static result => ParseSize(result, DefaultSize),
    };

    private static readonly Option<int> s_devices = Number(
        "--devices", "N", "Virtual devices, and stripes of the backup.", DefaultDeviceCount, 1, MaxDeviceCount);

    private static readonly Option<int> s_writers = Number(
        "--writers", "N", "Writers that change the database during the backup.", 2, 0, MaxWriterCount);

    private static readonly Option<int> s_rounds = Number(
        "--rounds", "N", "Rounds of the comparison with a plain copy; 0 leaves it out.", 5, 0, MaxRoundCount);

    private static readonly Option<int> s_seed = Number(
        "--seed", "N", "Seed of the database's content.", 1, 0, int.MaxValue);

    private static readonly Option<string?> s_folder = new("--dir")
    {
        Description = "Where to work; a folder of its own is made in it, and removed at the end. [default: the temporary folder]",
        HelpName = "DIR",
    };

    private static readonly Option<bool> s_keep = new("--keep") { Description = "Leave the files, and say where." };

    // A check that cannot fail proves nothing: this shows that it can.
    private static readonly Option<bool> s_sabotage = new("--sabotage")
    {
        Description = "Change one row of the restored database before it is checked.",
        Hidden = true,
    };

    public static Command Create()
    {
        Verb verb = new("demo", "Back up a live database and restore it, in front of your eyes, and prove both equal.")
        {
            Examples =
            [
                ("vdi demo", "a database of 256 MiB over two devices"),
                ("vdi demo --size 2GiB --devices 4 --dir /var/tmp", "a larger one, elsewhere"),
            ],
            Notes =
            [
                "It makes a SQLite database and lets writers in a process of their own change it all the time. An engine in",
                "another process backs it up, through shared memory, to a backup program in this one. The backup is restored",
                "to a second file, which must pass SQLite's integrity check and have the same content hash as the engine's",
                "snapshot. Then the backup is timed against a plain copy of the same file.",
            ],
            ExitCodes =
            [
                ExitCode.TargetRefused, ExitCode.MediumFailed, ExitCode.DiskFull, ExitCode.EngineFailed, ExitCode.EngineDied,
                ExitCode.InterfaceFailed, ExitCode.NotEqual, ExitCode.Interrupted, ExitCode.Terminated,
            ],
        };
        foreach (Option option in new Option[]
        {
            s_size, s_devices, s_writers, s_rounds, s_seed, s_folder, s_keep, s_sabotage, CommonOptions.Json, CommonOptions.Quiet,
        })
        {
            verb.Options.Add(option);
        }

        verb.Runs(RunAsync);
        return verb;
    }

    private static async Task<ExitCode> RunAsync(VerbContext context)
    {
        long size = context.Arguments.GetValue(s_size);
        string folder = MakeFolder(context.Arguments.GetValue(s_folder) ?? Path.GetTempPath(), size);
        try
        {
            DemoRequest request = new(
                size, context.Arguments.GetValue(s_devices), context.Arguments.GetValue(s_writers),
                context.Arguments.GetValue(s_rounds), folder, context.Arguments.GetValue(s_seed),
                context.Arguments.GetValue(s_sabotage));
            DemoReport report = await new DemoRun(request, context.Output, context.CancellationToken)
                .ExecuteAsync().ConfigureAwait(false);
            context.Output.Result(report, console => DemoTable.Draw(console, report));
            if (!report.IsEqual)
            {
                throw new CommandFailure(
                    ExitCode.NotEqual, $"the restored database differs: integrity check '{report.IntegrityCheck}', "
                    + $"content {report.RestoredHash}, expected {report.BackupHash}", "run again with --keep to look at the files.");
            }

            return ExitCode.Ok;
        }
        finally
        {
            if (context.Arguments.GetValue(s_keep))
            {
                context.Output.Note($"the files are in {folder}");
            }
            else
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static string MakeFolder(string parent, long size)
    {
        try
        {
            if (!Directory.Exists(parent))
            {
                throw new CommandFailure(
                    ExitCode.TargetRefused, $"{parent}: there is no such folder", "create it first, or choose another with --dir.");
            }

            long free = new DriveInfo(Path.GetFullPath(parent)).AvailableFreeSpace;
            if (free < size * SpaceFactor)
            {
                throw new CommandFailure(
                    ExitCode.DiskFull,
                    $"{parent}: {ByteSize.Format(free)} are free, a demonstration of this size needs {ByteSize.Format(size * SpaceFactor)}",
                    "choose a smaller --size or another --dir.");
            }

            return CreateOwnFolder(Path.GetFullPath(parent));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure(
                ExitCode.TargetRefused, $"{parent}: cannot make a folder: {exception.Message}", null, exception);
        }
    }

    // Mode 0700: what is restored there is nobody else's.
    private static string CreateOwnFolder(string parent)
    {
        string path = Path.Combine(parent, $"vdi-demo-{Guid.NewGuid():N}");
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }

    private static Option<int> Number(string name, string helpName, string description, int normally, int least, int most)
    {
        Option<int> option = new(name)
        {
            Description = description,
            HelpName = helpName,
            DefaultValueFactory = _ => normally,
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out int value) && (value < least || value > most))
            {
                result.AddError($"{name} is {value}, expected {least} to {most}.");
            }
        });
        return option;
    }

    private static long ParseSize(ArgumentResult result) =>
        ParseSize(result, result.Tokens.Count == 1 ? result.Tokens[0].Value : DefaultSize);

    private static long ParseSize(ArgumentResult result, string text)
    {
        if (!ByteSize.TryParse(text, out long bytes) || bytes < MinSizeBytes)
        {
            result.AddError($"--size is '{text}', expected a number of bytes such as 64MiB or 2GiB, at least 1MiB.");
        }

        return bytes;
    }
}
