// A complete backup program: keeps what an engine writes in files, one for each device, and gives it back on a restore.
//   BackupProgram SET FILE [FILE ...]
using OpenVdi;
using OpenVdi.Streaming;

if (args.Length < 2)
{
    Console.Error.WriteLine("usage: BackupProgram SET FILE [FILE ...]");
    return 2;
}

string[] files = args[1..];
try
{
    // From here on an engine can find the set. With SQL Server, now send BACKUP DATABASE ... TO VIRTUAL_DEVICE='SET', ...
    await using BackupSession session = BackupSession.Create(args[0], new() { DeviceCount = files.Length });
    Console.WriteLine($"set '{session.Name}' waits for an engine");
    await session.WaitForServerAsync();

    // Serves all devices at once, until the engine closes them. The streams hand the shared memory itself to the files.
    await session.RunAsync(async (device, cancel) =>
    {
        await using FileStream file = new(files[device.Index], session.IsBackup ? FileMode.Create : FileMode.Open);
        if (session.IsBackup)
        {
            // When the engine asks for durability it gets its answer after the disk has everything.
            await using VirtualDeviceStream stream = device.OpenBackupStream(_ =>
            {
                file.Flush(flushToDisk: true);
                return ValueTask.CompletedTask;
            });
            await stream.CopyToAsync(file, cancel);
        }
        else
        {
            await using VirtualDeviceStream stream = device.OpenRestoreStream();
            await stream.CopyFromAsync(file, cancel);
            await stream.CompleteAsync(cancel);
        }
    });
    Console.WriteLine(session.IsBackup ? "all kept; whether the backup is good, the engine knows" : "all given back");
    return 0;
}
catch (Exception failure) when (failure is VirtualDeviceException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
